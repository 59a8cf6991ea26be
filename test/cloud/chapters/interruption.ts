import { expect, it, vi } from "vitest";
import { seededRandom } from "../support/random.ts";
import { chapter, set, type Suite } from "../support/suite.ts";
import { waitForPage } from "../support/web.ts";

const seed = Number(process.env["TOROCLOUD_TEST_SEED"] ?? Math.floor(Math.random() * 1e6));
const interruptions = 3;
/** All resources of ours; the last ones are left to the run that is not disturbed. */
const resources = 37;

/** Step 9: on hosts that have Debian's packages already, and nothing else. */
export function interruption(suite: Suite): void {
  chapter("An up", suite, () => {
    const random = seededRandom(seed);
    const moments = Array.from({ length: interruptions }, () => Math.floor(random() * (resources - 4))).sort(
      (one, other) => one - other,
    );

    it(`that was interrupted after ${moments.join(", ")} resources (seed ${seed}) is completed by the next`, async () => {
      await set(suite, { "torocloud:onDelete": undefined }); // keepData, which the next chapter is about
      const said: string[] = [];
      for (const moment of moments) {
        const made = (await suite.cloud.resources()).filter(({ urn }) =>
          urn.includes("dynamic/torocloud:"),
        ).length;
        const run = suite.cloud.start("up", { args: ["--skip-preview"] });
        let ended = false;
        void run.outcome.then(() => (ended = true));
        await vi.waitFor(
          () => {
            const created =
              run.output().match(/dynamic\/torocloud:\w+ \S+ (created|updated) \(/g)?.length ?? 0;
            const begun = /(creating|updating) \(/.test(run.output());
            if (!ended && (!begun || made + created < moment))
              throw new Error(`${made} and ${created} are made`);
          },
          { timeout: 300_000, interval: 50 },
        );
        run.interrupt();
        const { exitCode, output } = await run.outcome;
        expect(output).toMatch(/update canceled|the run was cancelled/); // that it was, and not another failure
        expect(exitCode).not.toBe(0);
        said.push(output);
      }
      // What was under way was ended, and not waited for.
      expect(said.join("\n")).toMatch(/interrupted( while [^:]+)?: the run was cancelled/);
      await suite.cloud.must("up", { args: ["--skip-preview"] });
      const { web = [] } = (await suite.cloud.output("urls")) as { web?: string[] };
      for (const url of web) await waitForPage(url, "Another edition");
    });

    it("leaves nothing to a refresh, or to another up", async () => {
      await suite.cloud.must("refresh", { args: ["--expect-no-changes"] });
      await suite.cloud.must("up", { args: ["--expect-no-changes", "--skip-preview"] });
    });
  });
}
