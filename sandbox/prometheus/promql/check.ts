import { comparisons, setOperators, typeWords, type BinaryExpr, type Expr, type ValueType } from "#sandbox/prometheus/promql/ast.ts";
import { parseError, type PromqlError } from "#sandbox/prometheus/promql/error.ts";
import { signatures } from "#sandbox/prometheus/promql/signatures.ts";

/** Aggregations of Prometheus 2.42; the grammar knows later ones too. */
const aggregations = new Set(["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar", "topk", "bottomk", "quantile", "count_values"]);

/** What an expression evaluates to. Only meaningful after `checkTypes`. */
export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case "number":
      return "scalar";
    case "string":
      return "string";
    case "paren":
    case "unary":
      return typeOf(expr.expr);
    case "selector":
    case "aggregate":
      return "vector";
    case "matrix":
    case "subquery":
      return "matrix";
    case "call":
      return signatures[expr.name]?.returns ?? "vector";
    case "binary":
      return typeOf(expr.left) === "scalar" && typeOf(expr.right) === "scalar" ? "scalar" : "vector";
  }
}

/** Throws PromqlError "bad_data", in Prometheus' words, where an expression of one type stands in the place of another. */
export function checkTypes(expr: Expr, query: string): void {
  const fail = (message: string): PromqlError => parseError(query, 0, message);
  const expect = (child: Expr, wanted: ValueType, context: string): void => {
    const actual = typeOf(child);
    if (actual !== wanted) throw fail(`expected type ${typeWords[wanted]} in ${context}, got ${typeWords[actual]}`);
  };

  function call(name: string, args: readonly Expr[]): void {
    const signature = Object.hasOwn(signatures, name) ? signatures[name] : undefined;
    if (signature === undefined) throw fail(`unknown function with name ${JSON.stringify(name)}`);
    const { args: wanted, optional } = signature;
    const least = wanted.length - (optional === -1 ? 1 : optional);
    if (args.length < least) throw fail(`expected ${optional === 0 ? "" : "at least "}${least} argument(s) in call to ${JSON.stringify(name)}, got ${args.length}`);
    if (optional !== -1 && args.length > wanted.length) throw fail(`expected ${optional === 0 ? "" : "at most "}${wanted.length} argument(s) in call to ${JSON.stringify(name)}, got ${args.length}`);
    for (const [index, arg] of args.entries()) {
      walk(arg);
      expect(arg, wanted[Math.min(index, wanted.length - 1)] ?? "vector", `call to function ${JSON.stringify(name)}`);
    }
  }

  function binary({ op, left, right, bool, matching }: BinaryExpr): void {
    walk(left);
    walk(right);
    const types = [typeOf(left), typeOf(right)];
    if (bool && !comparisons.has(op)) throw fail("bool modifier can only be used on comparison operators");
    if (types.some((type) => type !== "scalar" && type !== "vector")) throw fail("binary expression must contain only scalar and instant vector types");
    const scalars = types.filter((type) => type === "scalar").length;
    if (scalars === 2 && comparisons.has(op) && !bool) throw fail("comparisons between scalars must use BOOL modifier");
    if (scalars > 0 && setOperators.has(op)) throw fail(`set operator ${JSON.stringify(op)} not allowed in binary scalar expression`);
    if (scalars > 0 && (matching.on || matching.labels.size > 0)) throw fail("vector matching only allowed between instant vectors");
    if (matching.group && setOperators.has(op)) throw fail(`no grouping allowed for ${JSON.stringify(op)} operation`);
    const both = matching.on ? matching.include.find((label) => matching.labels.has(label)) : undefined;
    if (both !== undefined) throw fail(`label ${JSON.stringify(both)} must not occur in ON and GROUP clause at once`);
  }

  function walk(node: Expr): void {
    switch (node.kind) {
      case "number":
      case "string":
      case "selector":
      case "matrix":
        return;
      case "paren":
        return walk(node.expr);
      case "unary": {
        walk(node.expr);
        const type = typeOf(node.expr);
        if (type !== "scalar" && type !== "vector") throw fail(`unary expression only allowed on expressions of type scalar or instant vector, got ${JSON.stringify(typeWords[type])}`);
        return;
      }
      case "subquery":
        walk(node.expr);
        if (typeOf(node.expr) !== "vector") throw fail(`subquery is only allowed on instant vector, got ${typeWords[typeOf(node.expr)]} instead`);
        return;
      case "call":
        return call(node.name, node.args);
      case "aggregate":
        if (!aggregations.has(node.op)) throw fail(`unknown function with name ${JSON.stringify(node.op)}`);
        walk(node.expr);
        expect(node.expr, "vector", "aggregation expression");
        if (node.param) {
          walk(node.param);
          expect(node.param, node.op === "count_values" ? "string" : "scalar", "aggregation parameter");
        }
        return;
      case "binary":
        return binary(node);
    }
  }
  walk(expr);
}
