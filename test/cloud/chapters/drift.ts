import { beforeAll, describe, expect, it, vi } from "vitest";
import { meddlings, rounds, type Meddling } from "../../../tools/src/drift/index.ts";
import { askCeph, onHost } from "../support/hosts.ts";
import { runningPids, turnover, type Pids } from "../support/processes.ts";
import type { Outcome } from "../support/stack.ts";
import { chapter, type Suite } from "../support/suite.ts";
import { waitForPage } from "../support/web.ts";
import { addressOf } from "../support/workspace.ts";

const repairable = rounds(meddlings.filter(({ refused }) => !refused));
const refused = meddlings.filter((row) => row.refused);

/** Step 5, first half. */
export function drift(suite: Suite): void {
  chapter("What was changed by hand", suite, () => {
    for (const [index, rows] of repairable.entries()) {
      describe(`round ${index + 1} of ${repairable.length}`, () => {
        repaired(suite, rows);
      });
    }
    describe("and what is not put right", () => {
      notRepaired(suite, refused);
    });

    it("all serves as before", async () => {
      await waitForPage(`http://${addressOf(suite.workspace, "host1")}:8090/`, "Another edition");
      await waitForPage(`http://${addressOf(suite.workspace, "host1")}:8091/`, "Another edition");
      await waitForPage(`http://${addressOf(suite.workspace, "host2")}:8090/second.html`, "A second page");
    });
  });
}

function repaired(suite: Suite, rows: readonly Meddling[]): void {
  let before: Pids;
  let refreshed: Outcome;
  let outcome: Outcome;
  let after: Pids;

  beforeAll(async () => {
    if (!suite.up) return;
    await dataIsWhole(suite);
    before = await runningPids(suite.workspace);
    await meddle(suite, rows);
    refreshed = await suite.cloud.must("refresh");
    outcome = await suite.cloud.must("up", { args: ["--skip-preview"] });
    after = await runningPids(suite.workspace);
  });

  toldExactly(rows, () => refreshed);

  it("exactly those are updated", async () => {
    const steps = await stepsOf(suite, rows);
    expect(refreshed.phase.steps).toEqual(steps);
    expect(outcome.phase.steps).toEqual(steps);
  });

  it("nothing restarts that need not", () => {
    const restarted = [...new Set(rows.flatMap(({ restarts = [] }) => restarts))].sort();
    const { restarted: seen, ...others } = turnover(before, after);
    expect(others).toEqual({ started: [], stopped: [] });
    expect(seen.map((unit) => unit.replace(/ceph-osd@\d+/, "ceph-osd")).sort()).toEqual(restarted);
  });

  it("then there is nothing to do", async () => {
    const next = await suite.cloud.must("up", {
      args: ["--refresh", "--expect-no-changes", "--skip-preview"],
    });
    expect(next.phase.steps).toEqual([]);
    expect(driftOf(next)).toEqual([]);
    expect(turnover(after, await runningPids(suite.workspace)).restarted).toEqual([]);
  });
}

function notRepaired(suite: Suite, rows: readonly Meddling[]): void {
  let refreshed: Outcome;
  const outcomes = new Map<string, Outcome>();

  beforeAll(async () => {
    if (!suite.up) return;
    await meddle(suite, rows);
    refreshed = await suite.cloud.must("refresh");
    // One after the other: what depends on a resource that is refused is not even tried.
    for (const { title, host, refused: { undo } = { undo: "" } } of rows) {
      outcomes.set(title, await suite.cloud.run("up", { args: ["--skip-preview"] }));
      await onHost(suite.workspace, host, undo);
    }
  });

  toldExactly(rows, () => refreshed);

  it.each(rows)(
    "$title: up says what a person has to decide",
    ({ title, refused: { says } = { says: "" } }) => {
      expect(outcomes.get(title)?.exitCode).not.toBe(0);
      expect(outcomes.get(title)?.output).toContain(says);
    },
  );

  it("once a person undid it, up agrees, and then there is nothing to do", async () => {
    await suite.cloud.must("up", { args: ["--refresh", "--skip-preview"] });
    const next = await suite.cloud.must("up", {
      args: ["--refresh", "--expect-no-changes", "--skip-preview"],
    });
    expect(next.phase.steps).toEqual([]);
  });
}

/**
 * What the round before did to OSDs and pools is put right while data still moves, and where copies are missing the next OSD that is
 * stopped takes the file system away.
 */
async function dataIsWhole({ workspace }: Suite): Promise<void> {
  await vi.waitFor(
    async () => {
      const { pgmap } = (await askCeph(workspace, "status")) as {
        readonly pgmap: { readonly pgs_by_state: readonly { readonly state_name: string }[] };
      };
      const states = pgmap.pgs_by_state.map(({ state_name }) => state_name);
      if (states.join() !== "active+clean") throw new Error(`placement groups are ${states.join(", ")}`);
    },
    { timeout: 240_000, interval: 1000 },
  );
}

/** In the rows' order on each host, on all hosts at once. */
async function meddle({ workspace }: Suite, rows: readonly Meddling[]): Promise<void> {
  const hosts = [...new Set(rows.map(({ host }) => host))];
  await Promise.all(
    hosts.map(async (host) => {
      const scripts = rows.filter((row) => row.host === host).map(({ script }) => `(\n${script}\n) >&2`);
      await onHost(workspace, host, scripts.join("\n"));
    }),
  );
}

function toldExactly(rows: readonly Meddling[], refreshed: () => Outcome): void {
  const sentences = rows.flatMap(({ told }) => told);

  it.each(rows)("$title", ({ told }) => {
    const lines = driftOf(refreshed());
    for (const sentence of told) {
      expect({ sentence, lines: lines.filter((line) => meant(sentence).test(line)).length }).toEqual({
        sentence,
        lines: 1,
      });
    }
  });

  it("nothing else is told", () => {
    const others = driftOf(refreshed()).filter(
      (line) => !sentences.some((sentence) => meant(sentence).test(line)),
    );
    expect(others).toEqual([]);
  });
}

function driftOf({ phase }: Outcome): readonly string[] {
  return phase.said.filter((line) => line.includes(": drifted: "));
}

/** … stands for what only the hosts know. */
function meant(sentence: string): RegExp {
  const [id = "", ...rest] = sentence.split(": ");
  const line = `${id}: drifted: ${rest.join(": ")}`;
  return new RegExp(`^${line.split("…").map(literal).join("\\S+")}$`);
}

function literal(text: string): string {
  return text.replaceAll(/[.*+?^$()|[\]{}\\/-]/g, "\\$&");
}

/** The updates that Pulumi shows for what is told. */
async function stepsOf(suite: Suite, rows: readonly Meddling[]): Promise<readonly string[]> {
  const resources = (await suite.cloud.resources()).filter(({ id }) => id !== undefined);
  const ids = [...new Set(rows.flatMap(({ told }) => told).map((line) => line.split(": ")[0] ?? ""))];
  return ids
    .map((pattern) => {
      const name = new RegExp(`^${pattern.split("…").map(literal).join("\\S+")}$`);
      const [type = "", label = ""] =
        resources
          .find(({ id = "", outputs = {} }) =>
            [id, `${String(outputs["host"])}/${id}`].some((one) => name.test(one)),
          )
          ?.urn.split("::")
          .slice(-2) ?? [];
      return `update ${type.slice(type.lastIndexOf(":") + 1)} ${label}`;
    })
    .sort();
}
