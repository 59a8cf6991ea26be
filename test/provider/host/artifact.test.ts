import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  applyScript,
  driftOf,
  explainDrift,
  leftover,
  parseActuals,
  parseAnswers,
  probeScript,
  removeScript,
  toApply,
  type Artifact,
} from "../../../provider/src/host/artifact.ts";
import { prelude } from "../../../provider/src/host/prelude.ts";
import { Script, sh } from "../../../provider/src/host/script.ts";
import { ShellHost } from "../shell-host.ts";

vi.setConfig({ testTimeout: 30_000 }); // real processes, on a machine that may be busy

let host: ShellHost;
beforeEach(() => {
  host = new ShellHost();
});
afterEach(() => {
  host.remove();
});

function thing(what: string, rest: Partial<Artifact> = {}): Artifact {
  return { what, probe: sh`echo ${what}`, expected: what, apply: sh`:`, ...rest };
}

async function probed(artifacts: readonly Artifact[], stdin = ""): Promise<string[]> {
  const { stdout, exitCode, stderr } = await host.run(Script.join([prelude, probeScript(artifacts)]), {
    stdin,
  });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return parseActuals(artifacts, parseAnswers(stdout));
}

describe("looking", () => {
  it("gives each artifact what its own probe printed, white space folded", async () => {
    const artifacts = [
      thing("a", { probe: sh`printf '  two\n\tlines  \n\n'` }),
      thing("b", { probe: sh`printf 'no newline'` }),
      thing("c", { probe: sh`:` }),
      thing("d", { probe: sh`echo "#0	not the first"` }),
    ];
    expect(await probed(artifacts)).toEqual(["two lines", "no newline", "", "#0 not the first"]);
  });

  it("takes a probe that fails for absence, and goes on", async () => {
    const artifacts = [
      thing("a", { probe: sh`[ -e /does/not/exist ] && echo a` }),
      thing("b", { probe: sh`exit 3` }),
      thing("c", { probe: sh`false; echo after` }),
      thing("d", { probe: sh`echo there` }),
    ];
    expect((await probed(artifacts))[0]).toBe("");
    expect((await probed(artifacts))[1]).toBe("");
    expect((await probed(artifacts))[3]).toBe("there");
  });

  it("keeps one probe's variables from the next", async () => {
    const artifacts = [
      thing("a", { probe: sh`leaked=yes; cd /; umask 0; echo a` }),
      thing("b", { probe: sh`echo "\${leaked:-no}"` }),
    ];
    expect(await probed(artifacts)).toEqual(["a", "no"]);
  });

  it("keeps standard input from the probes", async () => {
    expect(await probed([thing("a", { probe: sh`cat` })], "payload")).toEqual([""]);
  });

  it("takes exit code 75 for a question that nobody answered, which is an error", async () => {
    const script = probeScript([thing("a"), thing("key b", { probe: sh`echo 'no quorum' >&2; exit 75` })]);
    const { exitCode, stderr } = await host.run(Script.join([prelude, script]));
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain("no quorum\nkey b could not be looked at\n");
  });

  it("does not look at what comes by itself", async () => {
    const artifacts = [leftover({ what: "log", remove: sh`:` }), thing("b")];
    expect(await probed(artifacts)).toEqual(["", "b"]);
    expect(driftOf(artifacts, ["", "b"])).toEqual([]);
  });
});

describe("drift", () => {
  it("is what is not as expected, and absence too", () => {
    const [a, b, c] = [thing("a"), thing("b"), thing("c")];
    expect(driftOf([a, b, c], ["a", "x", ""])).toEqual([
      { artifact: b, actual: "x" },
      { artifact: c, actual: "" },
    ]);
  });

  it("is put into words by the artifact, or by both values side by side", () => {
    expect(explainDrift({ artifact: thing("a"), actual: "" })).toBe("a is missing");
    expect(explainDrift({ artifact: thing("a"), actual: "x" })).toBe("a is x, not a");
    expect(
      explainDrift({ artifact: thing("a", { explain: (actual) => `smells of ${actual}` }), actual: "x" }),
    ).toBe("a smells of x");
  });

  it("takes along what follows it, also at second hand, in declared order", () => {
    const file = thing("file");
    const unit = thing("unit", { follows: [file] });
    const other = thing("other");
    const behind = thing("behind", { follows: [other, unit] });
    const all = [file, other, unit, behind];
    const due = (artifact: Artifact): string[] =>
      toApply(all, [{ artifact, actual: "x" }]).map((drift) => drift.artifact.what);
    expect(due(file)).toEqual(["file", "unit", "behind"]);
    expect(due(other)).toEqual(["other", "behind"]);
    expect(due(behind)).toEqual(["behind"]);
    expect(toApply(all, [])).toEqual([]);
  });
});

describe("making", () => {
  it("goes in order, keeps standard output free, and stops at the first failure with its name", async () => {
    const artifacts = [
      thing("a", { apply: sh`echo making a` }),
      thing("b", { apply: sh`echo making b; false; echo not reached` }),
      thing("c", { apply: sh`echo not reached` }),
    ];
    const script = Script.join([prelude, applyScript(driftOf(artifacts, []))]);
    const result = await host.run(script);
    expect(result).toEqual({ exitCode: 1, stdout: "", stderr: "making a\nmaking b\nwhile making b\n" });
  });

  it("hands the payload to the one that wants it, and to nobody else", async () => {
    const artifacts = [
      thing("a", { apply: sh`cat >"$HERE/a"` }),
      thing("b", { apply: sh`cat >"$HERE/b"`, payload: () => Readable.from(["unused"]) }),
      thing("c", { apply: sh`cat >"$HERE/c"` }),
    ];
    await host.run(Script.join([prelude, applyScript(driftOf(artifacts, []))]), {
      stdin: Readable.from(["pay", "load"]),
    });
    const { stdout } = await host.run(sh`for name in a b c; do printf '%s:%s;' $name "$(cat $name)"; done`);
    expect(stdout).toBe("a:;b:payload;c:;");
  });
});

describe("removing", () => {
  const all = [
    thing("a", { remove: sh`echo a` }),
    thing("b", { remove: sh`echo b`, data: "b" }),
    thing("c"),
    thing("d", { remove: sh`echo d` }),
  ];
  const removed = async (destroyData: boolean): Promise<string> => {
    const { stderr, stdout } = await host.run(Script.join([prelude, removeScript(all, destroyData)]));
    expect(stdout).toBe("");
    return stderr;
  };

  it("goes backwards, and leaves data unless its destruction was asked for", async () => {
    expect(await removed(false)).toBe("d\na\n");
    expect(await removed(true)).toBe("d\nb\na\n");
  });

  it("says what it was at when it failed, and does not go on", async () => {
    const parts = [thing("first", { remove: sh`echo not reached` }), thing("last", { remove: sh`false` })];
    const { stderr, exitCode } = await host.run(Script.join([prelude, removeScript(parts, false)]));
    expect({ stderr, exitCode }).toEqual({ stderr: "while removing last\n", exitCode: 1 });
  });
});
