import Markdown from "react-markdown";
import type { Components, Options } from "react-markdown";
import remarkGfm from "remark-gfm";
import { RunbookStep } from "#components/incident/runbook-step.tsx";

/**
 * A runbook's Markdown as elements, made on the server: no Markdown code reaches the browser. Raw HTML in it stays text that is left out, links
 * lead to http and https only, pictures become links (a runbook must not make the reader's browser call other hosts), steps can be ticked.
 */
export function RunbookMarkdown({ name, markdown }: { name: string; markdown: string }) {
  return (
    <div className="grid gap-2 text-sm [&_code]:font-mono [&_code]:text-xs [&_ol]:list-decimal [&_ol]:pl-5 [&_pre]:overflow-x-auto [&_pre]:rounded-lg [&_pre]:border [&_pre]:border-line [&_pre]:bg-sunk [&_pre]:p-2.5 [&_table]:text-xs [&_td]:border [&_td]:border-line [&_td]:px-2 [&_td]:py-1 [&_th]:border [&_th]:border-line [&_th]:px-2 [&_th]:py-1 [&_th]:text-left [&_ul:not(.contains-task-list)]:list-disc [&_ul]:pl-5 [&_ul.contains-task-list]:pl-0">
      <Markdown remarkPlugins={[remarkGfm]} rehypePlugins={[numberSteps]} skipHtml urlTransform={httpOnly} components={componentsFor(name)}>
        {markdown}
      </Markdown>
    </div>
  );
}

function componentsFor(name: string): Components {
  return {
    // A page has one h1, and the runbook stands below an h2.
    h1: ({ children }) => <h4 className="pt-1 font-semibold">{children}</h4>,
    h2: ({ children }) => <h4 className="pt-1 font-semibold">{children}</h4>,
    h3: ({ children }) => <h5 className="font-semibold text-muted">{children}</h5>,
    h4: ({ children }) => <h5 className="font-semibold text-muted">{children}</h5>,
    h5: ({ children }) => <h6 className="font-semibold text-muted">{children}</h6>,
    h6: ({ children }) => <h6 className="font-semibold text-muted">{children}</h6>,
    a: ({ href, children }) => (href === undefined || href === "" ? <span>{children}</span> : <OutLink href={href}>{children}</OutLink>),
    img: ({ src, alt }) => (typeof src === "string" && src !== "" ? <OutLink href={src}>{alt || "picture"}</OutLink> : <span>{alt}</span>),
    table: ({ children }) => (
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
      <section className="overflow-x-auto" tabIndex={0} aria-label="Table">
        <table>{children}</table>
      </section>
    ),
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
    pre: ({ children }) => <pre tabIndex={0}>{children}</pre>,
    input: (props) => {
      const step: unknown = (props as Record<string, unknown>)["data-step"];
      return <RunbookStep runbook={name} index={Number(step)} />;
    },
  };
}

function OutLink({ href, children }: { href: string; children: React.ReactNode }) {
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow" className="underline decoration-line-strong underline-offset-2 hover:decoration-text">
      {children}
    </a>
  );
}

function httpOnly(url: string): string {
  return /^https?:\/\//i.test(url.trim()) ? url : "";
}

interface Node {
  type: string;
  tagName?: string;
  properties?: Record<string, unknown>;
  children?: Node[];
}

/** Numbers the checkboxes in the order in which they stand: by this number a tick is kept. */
const numberSteps: NonNullable<Options["rehypePlugins"]>[number] = () => (tree: unknown) => {
  let next = 0;
  const visit = (node: Node): void => {
    if (node.tagName === "input") node.properties = { ...node.properties, "data-step": next++ };
    for (const child of node.children ?? []) visit(child);
  };
  // Safe: a hast tree; only its outline is used.
  visit(tree as Node);
};
