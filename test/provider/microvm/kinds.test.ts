import { describe, expect, it } from "vitest";
import { differencesOf, sentenceOf, type Artifact } from "../../../provider/src/artifacts/artifact.ts";
import type { Json } from "../../../provider/src/host-program/wire.ts";
import { clock, clockFile } from "../../../provider/src/microvm/clock.ts";
import { shareSource } from "../../../provider/src/microvm/share-source.ts";
import { socketFile } from "../../../provider/src/microvm/socket-file.ts";

function said(artifact: Artifact, state: Json): string[] {
  return differencesOf([artifact], [state]).map(sentenceOf);
}

function disturbs({ kind, spec }: Artifact, state: Json): boolean {
  return kind.disturbs?.(spec, state) ?? true;
}

describe("the file with the clock's frequency", () => {
  const right = { mode: "644", owner: "root:root", measured: true };
  const is = `file ${clockFile} is`;

  it.each<[Json, string[]]>([
    [right, []],
    [null, [`${is} missing`]],
    [{ ...right, measured: false }, [`${is} 644 root:root, not 644 root:root TOROCLOUD_TSC_KHZ`]],
    [
      { ...right, mode: "600" },
      [`${is} 600 root:root TOROCLOUD_TSC_KHZ, not 644 root:root TOROCLOUD_TSC_KHZ`],
    ],
    [{ link: "/etc/passwd" }, [`${is} a symbolic link to /etc/passwd, not a file`]],
  ])("found as %j is said to differ: %j", (state, sentences) => {
    expect(said(clock, state)).toEqual(sentences);
  });

  it("restarts nothing when it is put right: guests read it when they start next", () => {
    for (const state of [null, { ...right, mode: "600" }]) expect(disturbs(clock, state)).toBe(false);
  });
});

describe("a share's socket", () => {
  const socket = socketFile("/run/s.sock", "s.socket", "torocloud");
  const right = { mode: "600", owner: "torocloud:torocloud" };

  it.each<[Json, string[], boolean]>([
    [right, [], false],
    [null, ["socket /run/s.sock is missing"], true],
    [
      { mode: "666", owner: "root:root" },
      ["socket /run/s.sock is 666 root:root, not 600 torocloud:torocloud"],
      false,
    ],
  ])("found as %j is said to differ: %j; restarts its guest: %j", (state, sentences, restarts) => {
    expect(said(socket, state)).toEqual(sentences);
    expect(disturbs(socket, state)).toBe(restarts);
  });
});

describe("the directory that virtiofsd serves", () => {
  const source = shareSource("web", "web.service", "/srv/cloud/shares/web");

  it.each([
    ["idle", []],
    ["source", []],
    ["another", ["virtiofsd of share web serves a directory that is no longer there"]],
    ["unanswered", ["virtiofsd of share web cannot be compared with its source: no answer within 10 s"]],
  ])("that is %s is said to differ: %j", (serves, sentences) => {
    expect(said(source, { serves })).toEqual(sentences);
  });

  it("interrupts the guest when it is put right", () => {
    expect(disturbs(source, { serves: "another" })).toBe(true);
  });
});
