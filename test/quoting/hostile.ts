import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect } from "vitest";

/** How many values go through each place; a run with other values is another seed. */
export const count = 10_000;

const seed = Number(process.env["TOROCLOUD_TEST_SEED"] ?? Date.now() % 2 ** 31);

/** Commands that leave a file behind wherever something takes the value for more than text. */
export const payloads: readonly string[] = [
  "$(touch canary)",
  "`touch canary`",
  ";touch canary;",
  "\ntouch canary\n",
  "\rtouch canary\r",
  "|touch canary",
  "&touch canary&",
  "' ; touch canary ; '",
  '" ; touch canary ; "',
  "'\\'' ; touch canary ; '",
  '"$(touch canary)"',
  "${x:-$(touch canary)}",
  "$((`touch canary`))",
  ">canary",
  "#\ntouch canary",
  "\\\n;touch canary",
  "EOF\ntouch canary\nEOF\n",
  "}\ntouch canary\n{",
  ")\ntouch canary\n(",
  "fi;touch canary;if :;then",
  "done;touch canary",
  "esac\ntouch canary",
  "\nExecStartPre=/usr/bin/touch canary",
  "\r[Service]\rExecStart=/usr/bin/touch canary",
  "') or __import__('os').system('touch canary') or ('",
  '" + __import__("os").system("touch canary") + "',
];

const awkward: readonly string[] = [
  ...["", " ", "  ", "\t", "\n", "\r", "\r\n", "\v", "\f", "\b", "\x1b[31m", "\x7f", "\x85", "\0", "a\0b"],
  ...["'", '"', "`", "\\", "\\\\", "\\'", '\\"', "''", '""', "'''", "a'b", 'a"b', "it's"],
  ...[
    "$",
    "$$",
    "$x",
    "${x}",
    "${HOME}",
    "$HOME",
    "$1",
    "$@",
    "$?",
    "$$$",
    "${",
    "$(",
    "${TOROCLOUD_TSC_KHZ}",
  ],
  ...["%", "%%", "%n", "%i", "%H", "%s", "50 %", "%2C", "%n%n", "%%n", "\\x2c", "\\x2d", "\\u002c", "\\054"],
  ...["*", "?", "[a-z]", "[!a]*", "{a,b}", "~", "~root", "!", "!!", "!$", "^", "a b", " a", "a "],
  ...[
    "-",
    "--",
    "-n",
    "-e",
    "-rf",
    "--help",
    "-o",
    "+x",
    "@x",
    ":x",
    "!x",
    "|x",
    "=x",
    "x=",
    "a=b",
    "=",
    "===",
  ],
  ...[",", ",,", ",,,", "a,b", "a,,b", ",a", "a,", "a,b=c", "a=b,c=d", "on,readonly=off", "help", "?"],
  ...[
    "#",
    "# x",
    "a # b",
    ";",
    "; x",
    "a ; b",
    "a;b",
    "\\;",
    "[x]",
    "[global]",
    "]",
    "x\\",
    "x\\\n",
    "/",
    "//",
  ],
  ...["..", "../..", "/a/../b", "/./", "/etc/passwd", "a/b", ".", "C:\\", "file://x", "\\\\x", "-/x", "/-x"],
  ...[
    "if",
    "then",
    "do",
    "done",
    "case",
    "esac",
    "in",
    "{",
    "}",
    "(",
    ")",
    "((",
    "[[",
    "function",
    "time",
    "eval",
  ],
  ...[
    "true",
    "null",
    "yes",
    "no",
    "on",
    "~",
    "0",
    "-1",
    "1e3",
    "0x10",
    "NaN",
    "undefined",
    "__proto__",
    "[]",
    "{}",
  ],
  ...[
    "é",
    "e\u0301",
    "ß",
    "中文",
    "🦊",
    "👩‍👩‍👧",
    "\ufeffx",
    "x\ufeff",
    "\u202eabc",
    "\u200f",
    "\u200b",
    "\u00a0",
  ],
  ...[
    "\u2028",
    "\u2029",
    "\ufffd",
    "\uffff",
    "\ufdd0",
    "\u{1fffe}",
    "\u{10ffff}",
    "\ud800",
    "\udc00x",
    "x\ud83d",
  ],
  ...["<", ">", "<<", ">>", "&", "&&", "|", "||", "2>&1", "<(x)", "\\n", "\\t", "\\c", "\\0", "\\x00", "\\'"],
  ...payloads,
];

const specials = fc.constantFrom(
  ...[...Array.from("'\"`\\$%,;=#&|<>()[]{}*?!~^@:+-/. \t\n\r"), "a", "Z", "0", "é", "🦊", "\0"],
);
const halves = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units));
const long = fc
  .tuple(fc.constantFrom(...awkward.filter(Boolean)), fc.integer({ min: 200, max: 4000 }))
  .map(([text, times]) => text.repeat(times));

/** Strings that something between here and a program could take for more than text. */
export const hostile: fc.Arbitrary<string> = fc.oneof(
  { weight: 120, arbitrary: fc.constantFrom(...awkward) },
  { weight: 100, arbitrary: fc.string({ unit: specials }) },
  {
    weight: 80,
    arbitrary: fc.array(fc.constantFrom(...awkward), { maxLength: 5 }).map((parts) => parts.join("")),
  },
  { weight: 40, arbitrary: fc.string({ unit: "grapheme", maxLength: 20 }) },
  { weight: 40, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
  { weight: 20, arbitrary: halves },
  { weight: 1, arbitrary: long },
);

/** Text as a command line or a UTF-8 file can hold it: no NUL, no half of a pair. */
export function isSound(text: string): boolean {
  return !text.includes("\0") && !/\p{Surrogate}/u.test(text);
}

/** 10,000 hostile values, or so many: the same ones for the same seed. */
export function hostileValues(arbitrary: fc.Arbitrary<string> = hostile, numRuns = count): string[] {
  return fc.sample(arbitrary, { seed, numRuns });
}

/** Each value came back as itself; tells the first that did not, and how to see it again. */
export function expectSame(back: readonly unknown[], values: readonly unknown[], place: string): void {
  const wrong = values.findIndex((value, index) => back[index] !== value);
  if (wrong !== -1) expect(back[wrong], `${place}, value ${String(wrong)} ${replay}`).toBe(values[wrong]);
  expect(back.length, `${place}: how many came back ${replay}`).toBe(values.length);
}

/** For the message of a failure. */
export const replay = `(again with TOROCLOUD_TEST_SEED=${String(seed)})`;

/** What `make` gives, or the start of its refusal as {@link refused} has it. */
export function orRefused(make: () => string, sentence: string): string {
  try {
    return make();
  } catch (error) {
    const { message } = error as Error;
    return message.includes(sentence) ? refused : message;
  }
}

/** In the place of a value that was refused with the sentence that was expected. */
export const refused = "(refused)";

/** Values in lots of so many, where one argument or one command line would not hold them all. */
export function batches<Value>(values: readonly Value[], size: number): Value[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, index) =>
    values.slice(index * size, (index + 1) * size),
  );
}

/** A folder in which nothing may appear: whatever is executed leaves a canary there. */
export class Cage {
  readonly folder = mkdtempSync(join(tmpdir(), "torocloud-quoting-"));

  get canaries(): readonly string[] {
    return readdirSync(this.folder).sort();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
