import { textProblem } from "../validation/text.ts";

/** A piece of POSIX shell in which every value that came from outside is quoted. Made by {@link sh}, and by nothing else. */
export class Script {
  readonly text: string;
  private constructor(text: string) {
    this.text = text;
  }

  /** The template literal's own text is trusted; whatever is interpolated is not. */
  static fromTemplate(strings: readonly string[], values: readonly Value[]): Script {
    const text = strings.map(
      (part, index) =>
        part.replaceAll("\\${", "${").replaceAll("\\`", "`") +
        (index < values.length ? render(values[index]) : ""),
    );
    return new Script(text.join(""));
  }

  /** One script after another, each on lines of its own; what is undefined is left out. */
  static join(scripts: readonly (Script | undefined)[]): Script {
    return new Script(scripts.flatMap((script) => script?.text ?? []).join("\n"));
  }
}

type Value = Script | string | number | readonly (string | number)[] | undefined;

/**
 * Shell as a value: sh`install -d ${directory}`. A string becomes exactly one word, an array becomes one
 * word per element, a script is inserted as it is, `undefined` is left out. Backslashes reach the shell untouched, but for
 * those before `${` and a backtick, which only JavaScript needs.
 */
export function sh(strings: TemplateStringsArray, ...values: readonly Value[]): Script {
  return Script.fromTemplate(strings.raw, values);
}

/** `value` as one word of POSIX shell. Throws on NUL and on half a character, which no shell word can hold. */
export function quote(value: string): string {
  const problem = textProblem(value);
  if (problem !== undefined) throw new Error(`a value with ${problem} cannot be a shell word`);
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

function render(value: Value): string {
  if (value === undefined) return "";
  if (value instanceof Script) return value.text;
  if (typeof value === "string") return quote(value);
  if (typeof value === "number") return String(value);
  return value.map((element) => quote(String(element))).join(" ");
}
