import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { execLine } from "../../provider/src/artifacts/units.ts";
import { Cage, expectSame, hostileValues, isSound, orRefused, refused } from "./hostile.ts";
import { hasSystemd, readUnit, type Setting } from "./systemd-reader.ts";
import { systemdWords } from "./systemd-words.ts";

let cage: Cage;
beforeEach(() => {
  cage = new Cage();
});
afterEach(() => {
  cage.remove();
});

const values = hostileValues();
const sound = values.filter(isSound);

const asSystemdReadsIt = (
  lines: readonly string[],
  environment: readonly string[] = [],
): readonly Setting[] => readUnit(cage.folder, lines.join("\n"), environment);

describe("an argument in ExecStart=", () => {
  it("reads as it was given by systemd's manual", () => {
    expectSame(
      sound.map((value) => systemdWords(execLine(["/bin/x", value, "end"]))[1]),
      sound,
      "execLine, by the manual",
    );
  });

  it.skipIf(!hasSystemd)("reads as it was given by systemd's own parser", () => {
    const lines = sound.map((value) => `ExecStart=${execLine(["/bin/x", value, "end"])}`);
    const settings = asSystemdReadsIt(["[Service]", ...lines, ""], ["x=expanded", "HOME=expanded"]);
    expect(new Set(settings.map(([name]) => name))).toEqual(new Set(["ExecStart"]));
    expectSame(
      settings.map(([, , words]) => JSON.stringify(words)),
      sound.map((value) => JSON.stringify(["/bin/x", value, "end"])),
      "execLine, by systemd",
    );
  });

  it.skipIf(!hasSystemd)("would be another one for that parser if it were not escaped", () => {
    const lines = ["a\rExecStartPre=/bin/evil", "%n", "$HOME", "a b", ";"].map(
      (value) => `ExecStart=/bin/x ${value}`,
    );
    const settings = asSystemdReadsIt(["[Service]", ...lines, ""], ["HOME=expanded"]);
    expect(settings.map(([name, , words]) => [name, ...(words ?? ["refused"])])).toEqual([
      ["ExecStart", "/bin/x", "a"],
      ["ExecStartPre", "/bin/evil"],
      ["ExecStart", "/bin/x", "<expanded>"],
      ["ExecStart", "/bin/x", "expanded"],
      ["ExecStart", "/bin/x", "a", "b"],
      ["ExecStart", "refused"],
    ]);
  });

  it("is refused where no unit file can hold it", () => {
    const unsound = values.filter((text) => !isSound(text));
    const programs = sound.filter((text) => !text.startsWith("/"));
    const lines = [
      ...unsound.map((text) => orRefused(() => execLine(["/bin/x", text]), "cannot stand in a unit file")),
      ...programs.map((text) => orRefused(() => execLine([text]), "is no absolute path of a program")),
    ];
    expect(new Set(lines)).toEqual(new Set([refused]));
    expect(unsound.length).toBeGreaterThan(100);
  });

  it.skipIf(!hasSystemd)("has the variables expanded that are ours, and no others", () => {
    const lines = sound.map((value) => `ExecStart=${execLine(["/bin/x", `${value}=\${KHZ}`], ["KHZ"])}`);
    const settings = asSystemdReadsIt(["[Service]", ...lines, ""], ["KHZ=2100000", "x=1", "HOME=/"]);
    expectSame(
      settings.map(([, , words]) => words?.[1]),
      sound.map((value) => `${value}=2100000`),
      "execLine with a variable",
    );
  });
});
