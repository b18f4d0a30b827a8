import { parser } from "@prometheus-io/lezer-promql";
import type { SyntaxNode } from "@lezer/common";
import type { Expr, Matching, SelectorExpr } from "#sandbox/prometheus/promql/ast.ts";
import { parseError } from "#sandbox/prometheus/promql/error.ts";
import { checkTypes } from "#sandbox/prometheus/promql/check.ts";
import { parseDuration, parseNumber, parseString } from "#sandbox/prometheus/promql/literals.ts";
import { matcherOf, requireSelective } from "#sandbox/prometheus/promql/matchers.ts";
import { nameLabel } from "#sandbox/prometheus/promql/labels.ts";

const operators: Readonly<Record<string, string>> = { Pow: "^", Mul: "*", Div: "/", Mod: "%", Atan2: "atan2", Add: "+", Sub: "-", Eql: "==", Gte: ">=", Gtr: ">", Lte: "<=", Lss: "<", Neq: "!=", And: "and", Unless: "unless", Or: "or" };
const longest = 10_000;

/**
 * Parses PromQL as Prometheus 2.42 knows it, with the Prometheus team's own grammar, and checks its types.
 * Throws PromqlError "bad_data" with the place and, where it is clear, Prometheus' words.
 */
export function parsePromql(query: string): Expr {
  if (query.trim() === "") throw parseError(query, 0, "no expression found in input");
  if (query.length > longest) throw parseError(query, longest, `a query of more than ${longest} characters`);
  const tree = parser.parse(query);
  refuseErrors(query, tree.topNode);
  const root = tree.topNode.firstChild;
  if (root === null) throw parseError(query, 0, "no expression found in input");
  const expr = new Builder(query).expr(root);
  checkTypes(expr, query);
  return expr;
}

function refuseErrors(query: string, top: SyntaxNode): void {
  const cursor = top.cursor();
  do {
    if (!cursor.type.isError) continue;
    const { from } = cursor;
    const called = /([A-Za-z_:][\w:]*)\s*$/.exec(query.slice(0, from));
    if (called?.[1] !== undefined && query.slice(from).trimStart().startsWith("(")) throw parseError(query, called.index, `unknown function with name ${JSON.stringify(called[1])}`);
    const rest = query.slice(from).trim();
    throw parseError(query, from, rest === "" ? "unexpected end of input" : `unexpected ${JSON.stringify(rest.slice(0, 40))}`);
  } while (cursor.next());
}

class Builder {
  readonly query: string;

  constructor(query: string) {
    this.query = query;
  }

  text(node: SyntaxNode): string {
    return this.query.slice(node.from, node.to);
  }

  fail(node: SyntaxNode, message: string): never {
    throw parseError(this.query, node.from, message);
  }

  expr(node: SyntaxNode): Expr {
    switch (node.name) {
      case "ParenExpr":
        return { kind: "paren", expr: this.expr(this.operands(node, 1)[0]) };
      case "NumberDurationLiteral": {
        const value = parseNumber(this.text(node));
        return value === undefined ? this.fail(node, `unexpected duration ${JSON.stringify(this.text(node))}`) : { kind: "number", value };
      }
      case "StringLiteral":
        return { kind: "string", value: this.string(node) };
      case "VectorSelector":
        return this.selector(node);
      case "MatrixSelector":
        return this.matrix(node);
      case "SubqueryExpr":
        return this.subquery(node);
      case "OffsetExpr":
        return this.shifted(node);
      case "StepInvariantExpr":
        return this.fixed(node);
      case "UnaryExpr": {
        const operator = node.getChild("UnaryOp");
        return { kind: "unary", negative: operator !== null && this.text(operator) === "-", expr: this.expr(this.operands(node, 1)[0]) };
      }
      case "BinaryExpr":
        return this.binary(node);
      case "FunctionCall": {
        const [identifier, body] = [node.getChild("FunctionIdentifier"), node.getChild("FunctionCallBody")];
        if (identifier === null || body === null) return this.fail(node, "unexpected function call");
        return { kind: "call", name: this.text(identifier), args: body.getChildren("Expr").map((child) => this.expr(child)) };
      }
      case "AggregateExpr":
        return this.aggregate(node);
      default:
        return this.fail(node, `unexpected ${JSON.stringify(this.text(node))}`);
    }
  }

  /** At least `count` expressions below a node. */
  operands(node: SyntaxNode, count: number): [SyntaxNode, SyntaxNode] {
    const [first, second = first] = node.getChildren("Expr");
    if (first === undefined || second === undefined || node.getChildren("Expr").length < count) return this.fail(node, "unexpected end of input");
    return [first, second];
  }

  string(node: SyntaxNode): string {
    return parseString(this.text(node)) ?? this.fail(node, "unterminated or badly escaped quoted string");
  }

  selector(node: SyntaxNode): SelectorExpr {
    const identifier = node.getChild("Identifier");
    const matchers = identifier === null ? [] : [matcherOf(nameLabel, "=", this.text(identifier))];
    for (const one of node.getChild("LabelMatchers")?.getChildren("UnquotedLabelMatcher") ?? []) {
      const [label, op, value] = [one.getChild("LabelName"), one.getChild("MatchOp"), one.getChild("StringLiteral")];
      if (label === null || op === null || value === null) return this.fail(one, "unexpected label matcher");
      if (identifier !== null && this.text(label) === nameLabel) return this.fail(one, `metric name must not be set twice: ${JSON.stringify(this.text(identifier))} or ${JSON.stringify(this.string(value))}`);
      try {
        matchers.push(matcherOf(this.text(label), this.text(op), this.string(value)));
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        return this.fail(value, `error parsing regexp: ${error.message}`);
      }
    }
    const list = node.getChild("LabelMatchers");
    const quoted = list?.getChild("QuotedLabelMatcher") ?? list?.getChild("QuotedLabelName");
    if (quoted) return this.fail(quoted, `unexpected string ${this.text(quoted)} in label matching, expected identifier or "}"`);
    if (!requireSelective(matchers)) return this.fail(node, "vector selector must contain at least one non-empty matcher");
    return { kind: "selector", matchers, offsetMs: 0 };
  }

  duration(node: SyntaxNode | null | undefined, parent: SyntaxNode): number {
    const text = node ? this.text(node).replaceAll(/\s/g, "") : "";
    const ms = parseDuration(text.replace(/^[+-]/, ""));
    if (ms === undefined) return this.fail(node ?? parent, `unexpected ${JSON.stringify(text)}, expected a duration such as 5m`);
    return text.startsWith("-") ? -ms : ms;
  }

  range(node: SyntaxNode | null | undefined, parent: SyntaxNode): number {
    const ms = this.duration(node, parent);
    return ms > 0 ? ms : this.fail(node ?? parent, "duration must be greater than 0");
  }

  matrix(node: SyntaxNode): Expr {
    const rangeMs = this.range(node.getChild("DurationExpr"), node);
    return onLast(this.expr(this.operands(node, 1)[0]), (inner) => {
      if (inner.kind !== "selector") return this.fail(node, "ranges only allowed for vector selectors");
      if (inner.offsetMs !== 0) return this.fail(node, "no offset modifiers allowed before range");
      if (inner.at !== undefined) return this.fail(node, "no @ modifiers allowed before range");
      return { kind: "matrix", selector: inner, rangeMs };
    });
  }

  subquery(node: SyntaxNode): Expr {
    const [range, step] = node.getChildren("DurationExpr");
    const rangeMs = this.range(range, node);
    const stepMs = step === undefined ? undefined : this.range(step, node);
    return onLast(this.expr(this.operands(node, 1)[0]), (expr) => ({ kind: "subquery", expr, rangeMs, offsetMs: 0, ...(stepMs !== undefined && { stepMs }) }));
  }

  shifted(node: SyntaxNode): Expr {
    const offsetMs = this.duration(node.getChild("OffsetDurationExpr"), node);
    return onLast(this.expr(this.operands(node, 1)[0]), (inner) => {
      const twice = () => this.fail(node, "offset may not be set multiple times");
      if (inner.kind === "matrix") return inner.selector.offsetMs === 0 ? { ...inner, selector: { ...inner.selector, offsetMs } } : twice();
      if (inner.kind === "selector" || inner.kind === "subquery") return inner.offsetMs === 0 ? { ...inner, offsetMs } : twice();
      return this.fail(node, "offset modifier must be preceded by an instant vector selector or range vector selector or a subquery");
    });
  }

  fixed(node: SyntaxNode): Expr {
    const [number, word] = [node.getChild("NumberDurationLiteral", "At"), node.getChild("AtModifierPreprocessors")];
    const seconds = number === null ? undefined : parseNumber(this.text(number));
    const at = word === null ? (seconds === undefined || !Number.isFinite(seconds) ? this.fail(node, "timestamp out of bounds for @ modifier") : Math.round(seconds * 1000)) : this.text(word) === "start" ? ("start" as const) : ("end" as const);
    return onLast(this.expr(this.operands(node, 1)[0]), (inner) => {
      const twice = () => this.fail(node, "@ <timestamp> may not be set multiple times");
      if (inner.kind === "matrix") return inner.selector.at === undefined ? { ...inner, selector: { ...inner.selector, at } } : twice();
      if (inner.kind === "selector" || inner.kind === "subquery") return inner.at === undefined ? { ...inner, at } : twice();
      return this.fail(node, "@ modifier must be preceded by an instant vector selector or range vector selector or a subquery");
    });
  }

  binary(node: SyntaxNode): Expr {
    const [leftNode, rightNode] = this.operands(node, 2);
    const [left, right] = [this.expr(leftNode), this.expr(rightNode)];
    const operatorNode = leftNode.nextSibling;
    const op = operatorNode === null ? undefined : operators[operatorNode.name];
    if (op === undefined) return this.fail(operatorNode ?? node, `unexpected ${operatorNode === null ? "end of input" : JSON.stringify(this.text(operatorNode))}`);
    if (node.getChild("FillModifier")) return this.fail(node, 'unexpected "fill"');
    const binary: Expr = { kind: "binary", op, left, right, bool: node.getChild("BoolModifier") !== null, matching: this.matching(node) };
    // The grammar takes a sign into the number, where Prometheus binds ^ closer: -1 ^ 2 is -1.
    if (op === "^" && left.kind === "number" && /^[+-]/.test(this.text(leftNode))) {
      const negative = this.text(leftNode).startsWith("-");
      return { kind: "unary", negative, expr: { ...binary, left: { kind: "number", value: negative ? -left.value : left.value } } };
    }
    return binary;
  }

  matching(node: SyntaxNode): Matching {
    const clause = node.getChild("MatchingModifierClause");
    if (clause === null) return { on: false, labels: new Set(), include: [] };
    const [labels, include] = clause.getChildren("GroupingLabels");
    const group = clause.getChild("GroupLeft") ? "left" : clause.getChild("GroupRight") ? "right" : undefined;
    return { on: clause.getChild("On") !== null, labels: new Set(this.names(labels)), include: this.names(include), ...(group && { group }) };
  }

  names(node: SyntaxNode | null | undefined): string[] {
    return node?.getChildren("LabelName").map((name) => this.text(name)) ?? [];
  }

  aggregate(node: SyntaxNode): Expr {
    const [op, body, modifier] = [node.getChild("AggregateOp"), node.getChild("FunctionCallBody"), node.getChild("AggregateModifier")];
    if (op === null || body === null) return this.fail(node, "unexpected aggregation");
    const args = body.getChildren("Expr").map((child) => this.expr(child));
    const name = this.text(op).toLowerCase();
    const wanted = ["topk", "bottomk", "quantile", "count_values"].includes(name) ? 2 : 1;
    const [first, second] = args;
    const expr = wanted === 2 ? second : first;
    if (args.length !== wanted || expr === undefined) return this.fail(node, args.length === 0 ? "no arguments for aggregate expression provided" : `wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${args.length}`);
    const labels = new Set(this.names(modifier?.getChild("GroupingLabels")));
    return { kind: "aggregate", op: name, expr, labels, without: modifier?.getChild("Without") != null, ...(wanted === 2 && first && { param: first }) };
  }
}

/** What stands behind an expression belongs to its last operand: in `a + b offset 5m` only b is shifted. */
function onLast(expr: Expr, change: (last: Expr) => Expr): Expr {
  if (expr.kind === "binary") return { ...expr, right: onLast(expr.right, change) };
  if (expr.kind === "unary") return { ...expr, expr: onLast(expr.expr, change) };
  return change(expr);
}
