import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quote, Script, sh } from "../../../provider/src/host/script.ts";

describe("sh", () => {
  it("turns a string into exactly one word", () => {
    expect(sh`echo ${"a b"}`.text).toBe("echo 'a b'");
    expect(sh`echo ${"it's"}`.text).toBe(`echo 'it'\\''s'`);
    expect(sh`echo ${""}`.text).toBe("echo ''");
  });

  it("turns an array into one word for each element", () => {
    expect(sh`set -- ${["a b", 2, "$x"]}`.text).toBe("set -- 'a b' '2' '$x'");
    expect(sh`set -- ${[]}`.text).toBe("set -- ");
  });

  it("inserts numbers and scripts as they are, and nothing for undefined", () => {
    expect(sh`sleep ${5}; ${sh`echo ${"x"}`}${undefined}`.text).toBe("sleep 5; echo 'x'");
  });

  it("leaves backslashes of the template to the shell", () => {
    expect(sh`printf '\n\t\\'`.text).toBe(String.raw`printf '\n\t\\'`);
    expect(sh`echo \${x} \`date\``.text).toBe("echo ${x} `date`");
  });

  it("refuses NUL, which no word can hold", () => {
    expect(() => sh`echo ${"a\0b"}`).toThrow("NUL");
    expect(() => sh`echo ${["a\0b"]}`).toThrow("NUL");
  });
});

describe("Script.join", () => {
  it("puts each script on lines of its own and leaves out what is undefined", () => {
    expect(Script.join([sh`a`, undefined, sh`b # comment`, sh`c`]).text).toBe("a\nb # comment\nc");
    expect(Script.join([]).text).toBe("");
  });
});

describe("quote", () => {
  it("brings any string without NUL through a shell unchanged", () => {
    const text = fc.string({ unit: "binary" }).map((value) => value.replaceAll("\0", ""));
    fc.assert(
      fc.property(fc.array(text, { minLength: 50, maxLength: 50 }), (values) => {
        const input = `printf '%s\\0' ${values.map(quote).join(" ")}`;
        const { stdout } = spawnSync("sh", ["-s"], { input });
        expect(stdout.toString().split("\0").slice(0, -1)).toEqual(values);
      }),
      { numRuns: 10 },
    );
  });
});
