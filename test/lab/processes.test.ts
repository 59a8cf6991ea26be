import { spawn } from "node:child_process";
import { describe, expect, test } from "vitest";
import { parsePidFile } from "../../lab/src/container-processes.js";
import {
  ageSeconds,
  descendants,
  findProcess,
  listProcesses,
  parseStat,
  signal,
} from "../../lab/src/processes.js";

describe("processes", () => {
  test("a command with spaces and brackets in its name does not shift the fields", () => {
    const rest = Array.from({ length: 30 }, (_, index) => index + 4).join(" ");
    expect(parseStat(`42 (a) b (c)) T ${rest}`)).toEqual({ pid: 42, state: "T", parent: 4, startTime: 22 });
  });

  test("this process is found, is young and descends from its parent", () => {
    const self = findProcess(process.pid);
    expect(self?.parent).toBe(process.ppid);
    expect(self && ageSeconds(self)).toBeLessThan(3600);
    const below = descendants(listProcesses(), process.ppid).map((entry) => entry.pid);
    expect(below).toContain(process.pid);
  });

  test("a process that took over the id of one that ended gets no signal", async () => {
    const child = spawn("sleep", ["60"]);
    const entry = findProcess(child.pid ?? 0);
    if (entry === undefined) throw new Error("sleep did not start");
    signal({ ...entry, startTime: entry.startTime - 1 }, "SIGKILL");
    expect(findProcess(entry.pid)).toBeDefined();
    const ended = new Promise((resolve) =>
      child.once("exit", (_code, name) => {
        resolve(name);
      }),
    );
    signal(entry, "SIGKILL");
    expect(await ended).toBe("SIGKILL");
  });

  test("a launcher's own record is read whole or not at all", () => {
    expect(parsePidFile("17 4711\n")).toEqual({ pid: 17, startTime: 4711 });
    expect(parsePidFile("17 47")).toBeUndefined();
    expect(parsePidFile("")).toBeUndefined();
  });
});
