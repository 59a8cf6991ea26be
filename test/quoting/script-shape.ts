import type { Script } from "../../provider/src/host/script.ts";

/** A script as a shell takes it apart: what is code, and the words that stand in single quotes, which are data. */
export interface Shape {
  /** The script with its quoted words left out. */
  readonly code: string;
  readonly words: readonly string[];
}

/**
 * POSIX shell's quoting (2.2), read independently of what wrote it. Two scripts that differ in values only have the same
 * code: whatever of a value is not inside single quotes shows there.
 */
export function shapeOf({ text }: Script): Shape {
  const words: string[] = [];
  let code = "";
  let at = 0;
  const single = (): void => {
    const end = text.indexOf("'", at + 1);
    if (end === -1) throw new Error(`a quote stays open: ${text.slice(at, at + 80)}`);
    const piece = text.slice(at + 1, end);
    // 'it'\''s' is one word in three pieces.
    if (code.endsWith("'\\'")) words.push(`${words.pop() ?? ""}'${piece}`);
    else words.push(piece);
    code += "'";
    at = end + 1;
  };
  const keep = (length: number): void => {
    code += text.slice(at, at + length);
    at += length;
  };
  /** Up to the character that closes it; undefined for the whole script. */
  const until = (close: '"' | ")" | undefined, quotes: boolean): void => {
    while (at < text.length) {
      const character = text.charAt(at);
      if (character === close) return;
      if (character === "\\") keep(2);
      else if (text.startsWith("$(", at)) {
        keep(2);
        until(")", true);
        keep(1);
      } else if (quotes && character === "'") single();
      else if (quotes && character === '"') {
        keep(1);
        until('"', false);
        keep(1);
      } else if (quotes && character === "(") {
        keep(1);
        until(")", true);
        keep(1);
      } else if (quotes && character === "#" && /(^|\s)$/.test(text.slice(Math.max(0, at - 1), at)))
        keep(text.slice(at).search(/\n|$/));
      else keep(1);
    }
    if (close !== undefined) throw new Error(`${close} is missing at the end of ${code.slice(-80)}`);
  };
  until(undefined, true);
  return { code: code.replaceAll(/'(\\''|')*/g, "'"), words };
}
