import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { differencesOf, sentenceOf, type Artifact } from "../../../provider/src/artifacts/artifact.ts";
import { sha256 } from "../../../provider/src/artifacts/files.ts";
import {
  execLine,
  passiveUnit,
  runningUnit,
  unitDisturbs,
  unitFile,
  type UnitState,
} from "../../../provider/src/artifacts/units.ts";
import type { Json } from "../../../provider/src/host-program/wire.ts";
import { systemdWords } from "../../quoting/systemd-words.ts";

describe("execLine", () => {
  it("leaves what is plain as it is", () => {
    expect(execLine(["/usr/bin/a", "--b=c,d", "e:f@g+h"])).toBe("/usr/bin/a --b=c,d e:f@g+h");
  });

  it.each([
    ["a space", "a b"],
    ["nothing", ""],
    ["a specifier", "50% %n %%"],
    ["a variable", "$HOME ${HOME} $$"],
    ["quotes", `"a" 'b' it's`],
    ["backslashes", "a\\b\\\\ \\n \\"],
    ["a line break", "a\nb\tc"],
    ["a lone semicolon", ";"],
    ["a comment", "# no"],
    ["what goes before a program", "-@:+!x"],
  ])("brings %s through", (_, word) => {
    expect(systemdWords(execLine(["/bin/x", word, "end"]))).toEqual(["/bin/x", word, "end"]);
  });

  it("brings any printable text through, on one line", () => {
    const word = fc.oneof(
      fc.string({ unit: "grapheme-ascii" }),
      fc.string({
        unit: fc.constantFrom(`"`, "'", "\\", "$", "%", "{", "}", ";", " ", "\t", "\n", "a", "#"),
      }),
      fc.string({ unit: "grapheme" }),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 5 }), (words) => {
        expect(systemdWords(execLine(["/bin/x", ...words]))).toEqual(["/bin/x", ...words]);
      }),
    );
  });

  it("expands the named variables, and no others", () => {
    const line = execLine(["/bin/x", "a=${KHZ}", "b ${KHZ} ${HOME} $KHZ", "100%"], ["KHZ"]);
    expect(systemdWords(line, { KHZ: "2100000" })).toEqual([
      "/bin/x",
      "a=2100000",
      "b 2100000 ${HOME} $KHZ",
      "100%",
    ]);
  });

  it("does not take the text behind a dollar sign for a variable's name", () => {
    const line = execLine(["/bin/x", "$${KHZ}"], ["KHZ"]);
    expect(systemdWords(line, { KHZ: "1" })).toEqual(["/bin/x", "$1"]);
  });
});

const good: UnitState = { active: "active", enabled: "enabled", needsReload: false, dropIns: [] };

function words(artifact: Artifact, state: Json): string {
  return differencesOf([artifact], [state]).map(sentenceOf).join("; ");
}

describe("runningUnit", () => {
  const unit = runningUnit("some.service");

  it.each<[UnitState | null, string]>([
    [good, ""],
    [null, "unit some.service is neither active nor enabled"],
    [{ ...good, active: "failed" }, "unit some.service is failed"],
    [
      { ...good, active: "inactive", enabled: "" },
      "unit some.service is inactive and is not installed, not enabled",
    ],
    [{ ...good, needsReload: true }, "unit some.service runs with an older unit file than the one on disk"],
    [
      { ...good, enabled: "masked", dropIns: ["/a/b.conf", "/c=d"] },
      "unit some.service is masked, not enabled and is changed by /a/b.conf, /c=d",
    ],
  ])("says what is wrong: %j", (state, said) => {
    expect(words(unit, state)).toBe(said);
  });

  it.each<[UnitState | null, boolean]>([
    [null, true],
    [{ ...good, enabled: "disabled" }, false],
    [{ ...good, enabled: "masked" }, false],
    [{ ...good, enabled: "" }, false],
    [{ ...good, active: "failed" }, true],
    [{ ...good, needsReload: true }, true],
    [{ ...good, dropIns: ["/a/b.conf"] }, true],
  ])("is disturbed where more is wrong than that it is not enabled: %j", (state, disturbs) => {
    expect(unitDisturbs(state)).toBe(disturbs);
    expect(unit.kind.disturbs?.(unit.spec, state)).toBe(disturbs);
    expect(unit.kind.serves).toBe(true);
  });

  it("names the units whose files must be read anew with it", () => {
    const parts = [
      unitFile("a.service", "[Service]\n"),
      unitFile("a@.service.d/torocloud.conf", "[Service]\n"),
      passiveUnit("a.service"),
      runningUnit("b.socket"),
      unitFile("some.service", "[Service]\n"),
    ];
    expect(runningUnit("some.service", parts)).toMatchObject({
      key: "some.service",
      spec: { besides: ["a.service", "b.socket"] },
      follows: parts,
      whose: "ours",
    });
  });

  it("is killed after a while, where it is told to", () => {
    expect(runningUnit("some.service", [], { killAfterSeconds: 10 }).spec).toEqual({
      besides: [],
      killAfterSeconds: 10,
    });
  });
});

describe("passiveUnit", () => {
  it("is only wrong where people changed it", () => {
    const slice = passiveUnit("torocloud.slice");
    expect(slice.whose).toBe("shared");
    expect(words(slice, { dropIns: [] })).toBe("");
    expect(words(slice, { dropIns: ["/x/50-CPUWeight.conf"] })).toBe(
      "unit torocloud.slice is changed by /x/50-CPUWeight.conf",
    );
  });
});

describe("unitFile", () => {
  const unit = unitFile("some.service", "[Service]\n");
  const digest = sha256("something else");
  const right = { mode: "644", owner: "root:root", digest: sha256("[Service]\n") };

  it("says what a file says", () => {
    expect(words(unit, right)).toBe("");
    expect(words(unit, null)).toBe("file /etc/systemd/system/some.service is missing");
    expect(words(unit, { ...right, digest })).toBe("file /etc/systemd/system/some.service has other content");
    expect(words(unit, { ...right, mode: "600" })).toBe(
      "file /etc/systemd/system/some.service has mode 600, not 644",
    );
  });

  it("is no reason for a restart where only its mode or owner is wrong", () => {
    expect(unit.kind.disturbs?.(unit.spec, { ...right, mode: "600" })).toBe(false);
    expect(unit.kind.disturbs?.(unit.spec, { ...right, digest })).toBe(true);
    expect(unit.kind.disturbs?.(unit.spec, { link: "/dev/null" })).toBe(true);
    expect(unit.kind.disturbs?.(unit.spec, null)).toBe(true);
  });
});
