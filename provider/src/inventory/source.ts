import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from "yaml";
import { visible } from "../validation/text.ts";

export type Path = readonly (string | number)[];

/** Collects what is wrong with an inventory file, each with the line and column where it is wrong. */
export class InventorySource {
  readonly file: string;
  private readonly found: { readonly offset: number; readonly text: string }[] = [];
  private readonly document: Document;
  private readonly lines = new LineCounter();
  private readonly content: string;

  constructor(file: string, content: string) {
    this.file = file;
    this.content = content;
    this.document = parseDocument(content, { lineCounter: this.lines, prettyErrors: false });
    const problems = [...this.document.errors, ...this.document.warnings];
    const duplicates = problems.filter(({ code }) => code === "DUPLICATE_KEY");
    for (const { pos } of duplicates) this.add(pos[0], this.duplicate(pos[0]));
    // One mistake in the syntax makes many that are none.
    const [first] = problems.filter(({ code }) => code !== "DUPLICATE_KEY");
    if (first) this.add(first.pos[0], withoutSource(first.message));
    visit(this.document, {
      Alias: (_, alias) => {
        if (alias.resolve(this.document) === undefined)
          this.add(startOf(alias) ?? 0, "an alias without its anchor; expected &name on an earlier value");
      },
    });
  }

  /** The file's content as plain values; undefined when it is no sound YAML, which is a problem then. */
  value(): unknown {
    if (this.found.length > 0) return undefined;
    try {
      return this.document.toJS();
    } catch {
      this.add(0, "the aliases make it too large; expected fewer of them");
      return undefined;
    }
  }

  /** Note a problem with the value at `path`, or with the nearest thing around it that exists. */
  problem(path: Path, text: string): void {
    this.add(this.offset(path, "value"), text);
  }

  /** Note a problem with the key that `path` ends with. */
  keyProblem(path: Path, text: string): void {
    this.add(this.offset(path, "key"), text);
  }

  /** All problems, in the order of the file: "file:line:column: text". */
  problems(): readonly string[] {
    const sorted = this.found.toSorted((one, other) => one.offset - other.offset);
    return sorted.map(({ offset, text }) => {
      const { line, col } = this.lines.linePos(offset);
      return `${this.file}:${Math.max(line, 1)}:${Math.max(col, 1)}: ${text}`;
    });
  }

  private add(offset: number, text: string): void {
    this.found.push({ offset, text: visible(text) });
  }

  private duplicate(offset: number): string {
    const key = /^["']?([\w-]{1,63})/.exec(this.content.slice(offset))?.[1] ?? "a key";
    return `${key} is given twice; expected each name once`;
  }

  /** Where the deepest existing part of `path` begins; when its end is missing, at the key of what should hold it. */
  private offset(path: Path, at: "key" | "value"): number {
    let deepest: { key?: unknown; value: unknown } = { value: this.document.contents };
    let depth = 0;
    for (const step of path) {
      const found = this.child(deepest.value, step);
      if (found === undefined) break;
      deepest = found;
      depth += 1;
    }
    const places = [startOf(deepest.key), startOf(deepest.value)];
    const wanted = depth === path.length && at === "value" ? places.reverse() : places;
    return wanted.find((place) => place !== undefined) ?? 0;
  }

  private child(parent: unknown, step: string | number): { key?: unknown; value: unknown } | undefined {
    const node = isAlias(parent) ? parent.resolve(this.document) : parent;
    if (isSeq(node)) return typeof step === "number" ? { value: node.items[step] } : undefined;
    if (!isMap(node)) return undefined;
    return node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step));
  }
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

/** A parser's message without the piece of the file that some of them end with: it could hold a secret. */
function withoutSource(message: string): string {
  return message.replace(/: ".*$/s, "").replace(/: \S.*$/s, "");
}
