/**
 * How systemd reads a command line: systemd.service(5) "Command lines", systemd.syntax(7) "Quoting", systemd.unit(5)
 * "Specifiers". Written from the manual, and stricter: whatever it would not take as it is makes this throw.
 */
export function systemdWords(line: string, environment: Readonly<Record<string, string>> = {}): string[] {
  if (/[\n\r\0]/.test(line)) throw new Error("that is more than one line");
  const words: string[] = [];
  const escapes: Record<string, string> = {
    a: "\x07",
    b: "\b",
    f: "\f",
    n: "\n",
    r: "\r",
    t: "\t",
    v: "\v",
    "\\": "\\",
    '"': '"',
    "'": "'",
    s: " ",
  };
  for (let rest = line.trim(); rest !== ""; rest = rest.trimStart()) {
    if (/^;(\s|$)/.test(rest)) throw new Error("a lone semicolon separates commands");
    let word = "";
    let quote = "";
    let at = 0;
    for (; at < rest.length; at++) {
      const character = rest.charAt(at);
      if (quote === "" && /\s/.test(character)) break;
      if (character === "\\" && rest.charAt(at + 1) === "x") {
        const bytes = /^(\\x[0-9a-f]{2})+/.exec(rest.slice(at))?.[0] ?? "";
        word += Buffer.from(bytes.replaceAll("\\x", ""), "hex").toString();
        at += bytes.length - 1;
      } else if (character === "\\") {
        const meant = escapes[rest.charAt(++at)];
        if (meant === undefined) throw new Error(`unknown escape in ${line}`);
        word += meant;
      } else if (quote !== "") {
        if (character === quote) {
          quote = "";
          if (at + 1 < rest.length && !/\s/.test(rest.charAt(at + 1)))
            throw new Error("a closing quote must end the word");
        } else word += character;
      } else if (word === "" && at === 0 && (character === '"' || character === "'")) quote = character;
      else word += character;
    }
    if (quote !== "") throw new Error("a quote stays open");
    rest = rest.slice(at);
    words.push(expand(word, environment));
  }
  return words;
}

function expand(word: string, environment: Readonly<Record<string, string>>): string {
  const withoutSpecifiers = word.replaceAll(/%(.?)/g, (_, letter: string) => {
    if (letter !== "%") throw new Error(`the specifier %${letter} would be expanded in ${word}`);
    return "%";
  });
  return withoutSpecifiers.replaceAll(/\$(\$|\{\w+\}|\w+|)/g, (_, name: string) => {
    if (name === "$") return "$";
    const value = environment[name.slice(1, -1)];
    if (value === undefined) throw new Error(`the variable ${name} would be expanded in ${word}`);
    return value;
  });
}
