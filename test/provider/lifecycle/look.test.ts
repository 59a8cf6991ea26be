import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import type { Artifact } from "../../../provider/src/host/artifact.ts";
import { CommandFailed, HostUnreachable } from "../../../provider/src/host/host.ts";
import { sh } from "../../../provider/src/host/script.ts";
import { file } from "../../../provider/src/host/files.ts";
import { observe } from "../../../provider/src/lifecycle/acts.ts";
import { defineResource, type Props } from "../../../provider/src/lifecycle/define-resource.ts";
import { thingOf, type Thing } from "../../../provider/src/lifecycle/thing.ts";
import { me, ShellHost } from "../shell-host.ts";

vi.setConfig({ testTimeout: 60_000 }); // real processes, on a machine that may be busy

let host: ShellHost;
let log: string[];
beforeEach(() => {
  host = new ShellHost();
  log = [];
});
afterEach(() => {
  host.remove();
});

/** A thing with one artifact; `report` prints an output, and makes it one that takes its time. */
function thing(name: string, artifact: Artifact, report?: string, timeouts: Props = {}): Thing {
  const resource = defineResource({
    type: "torocloud:test:Thing",
    summary: "A thing.",
    kind: "thing",
    inputs: z.object({ host: z.string(), name: z.string() }),
    derived: z.object({}),
    outputs: z.object({ seen: z.string().optional() }),
    derive: {},
    onChange: { host: "replace", name: "replace" },
    replaceOrder: "delete-then-create",
    name: (desired) => desired.name,
    artifacts: () => [artifact],
    ...(report !== undefined && { report: () => sh`echo seen=${report}` }),
  });
  const surroundings = {
    hosts: () => () => host,
    hostNames: () => [host.name],
    log: (line: string) => void log.push(line),
  };
  return thingOf(resource, surroundings, { inventory: "i", owner: "o", host: "sandbox", name, timeouts });
}

function own(name: string, content = name): Artifact {
  return file(host.path(name), content, { owner: me.owner });
}

const asked = (probe: ReturnType<typeof sh>): Artifact => ({
  what: "it",
  probe,
  expected: "x",
  apply: sh`:`,
});

describe("looks at one host in one tick", () => {
  it("travel together, and each gets its own answer", async () => {
    writeFileSync(host.path("here"), "here");
    writeFileSync(host.path("other"), "not so");
    const seen = await Promise.all([
      observe(thing("here", own("here"))),
      observe(thing("gone", own("gone"))),
      observe(thing("other", own("other"))),
      observe(thing("slow", asked(sh`sleep 0.3; echo x`), "an answer")),
      observe(thing("odd", asked(sh`printf 'two\nlines'`), "another")),
    ]);
    expect(host.scripts).toHaveLength(1);
    expect(seen.map(({ drift }) => drift)).toEqual([
      [],
      [`file ${host.path("gone")} is missing`],
      [`file ${host.path("other")} has other content`],
      [],
      ["it is two lines, not x"],
    ]);
    expect(seen.map(({ outputs }) => outputs["seen"])).toEqual([
      undefined,
      undefined,
      undefined,
      "an answer",
      "another",
    ]);
  });

  it("do not wait for each other where they take their time", async () => {
    mkdirSync(host.path("met"));
    // Each waits for the other to have begun: one after the other would never end well.
    const meet = (mine: string, other: string): Artifact =>
      asked(sh`touch ${host.path("met", mine)}
for i in $(seq 100); do [ -e ${host.path("met", other)} ] && echo x && exit; sleep 0.05; done`);
    const seen = await Promise.all([
      observe(thing("a", meet("a", "b"), "a")),
      observe(thing("b", meet("b", "a"), "b")),
    ]);
    expect(seen.map(({ drift }) => drift)).toEqual([[], []]);
  });

  it("fail one by one, each in its own words", async () => {
    const broken = asked(sh`echo "no quorum" >&2; exit 75`);
    const [good, bad] = await Promise.allSettled([
      observe(thing("good", asked(sh`echo x`))),
      observe(thing("bad", broken)),
    ]);
    expect(good).toMatchObject({ status: "fulfilled", value: { drift: [] } });
    if (bad.status === "fulfilled") expect.fail("it should have failed");
    expect(bad.reason).toBeInstanceOf(CommandFailed);
    expect((bad.reason as Error).message).toContain("looking at thing bad failed");
    expect((bad.reason as Error).message).toContain("no quorum\nit could not be looked at");
  });

  it("all learn of it when the host cannot be reached", async () => {
    const run = vi.spyOn(host, "run").mockRejectedValue(new HostUnreachable("sandbox", "no route to host"));
    const both = await Promise.allSettled([observe(thing("a", own("a"))), observe(thing("b", own("b")))]);
    for (const outcome of both) expect(outcome).toMatchObject({ status: "rejected" });
    expect(run).toHaveBeenCalledTimes(1);
  });

  it("have the longest of their limits", async () => {
    const run = vi.spyOn(host, "run");
    await Promise.all([
      observe(thing("a", own("a"), undefined, { lookSeconds: 7 })),
      observe(thing("b", own("b"), undefined, { lookSeconds: 9 })),
    ]);
    expect(run.mock.calls[0]?.[1]).toMatchObject({ timeoutSeconds: 9, repeatable: true });
  });

  it("cannot run each other's text: a name is a word", async () => {
    const name = `$(touch ${host.path("ran")})`;
    await Promise.all([observe(thing(name, own("a"))), observe(thing("b", own("b")))]);
    expect(existsSync(host.path("ran"))).toBe(false);
  });
});

describe("whoever waits", () => {
  it("is told every few seconds what a silent look is at", async () => {
    await observe(thing("slow", asked(sh`sleep 7; echo x`)));
    expect(log).toEqual([expect.stringMatching(/^sandbox: thing slow: .*, [56] s of at most 120 s/)]);
  });
});
