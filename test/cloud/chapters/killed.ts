import { expect, it } from "vitest";
import { Campaign } from "../../kill/campaign.ts";
import { title } from "../../kill/main.ts";
import { planRound, type Round } from "../../kill/plan.ts";
import { witnessOf } from "../../kill/witness.ts";
import { chapter, type Suite } from "../support/suite.ts";

/** The short form of `npm run test:kill`: one round of each kind that is quick, by seeds that never change. */
const rounds: readonly Pick<Round, "seed" | "story" | "disturbance" | "moment">[] = [
  { seed: 1, story: "update", disturbance: "kill", moment: { begun: 1, delayMs: 500 } },
  { seed: 2, story: "destroy, undone", disturbance: "kill", moment: { begun: 20, delayMs: 500 } },
  { seed: 3, story: "update, undone", disturbance: "cut, kill", moment: { begun: 1, delayMs: 200 } },
];

/** Step 12: SIGKILL, and a network that goes away; on the cloud of the chapter before. */
export function killed(suite: Suite): void {
  chapter("A run that is killed", suite, () => {
    let campaign: Campaign;

    it("is tried on a cloud that is as declared, with files that are to stay as they are", async () => {
      const { workspace, cloud, settings } = suite;
      const say = (line: string): void => void process.stderr.write(`${line}\n`);
      const subject = { workspace, cloud, settings, witness: witnessOf(workspace), say };
      campaign = new Campaign(subject, planRound(0, []).configuration);
      await campaign.prepare();
    });

    for (const { seed, story, disturbance, moment } of rounds) {
      it(`${disturbance} at ${story}, seed ${seed}: what is typed next leads to where it was to go`, async () => {
        const hosts = suite.workspace.hosts.map(({ name }) => name);
        const round = { ...planRound(seed, hosts, story), disturbance, moment };
        process.stderr.write(`${title(round)}\n`);
        const result = await campaign.play(round);
        expect(result.findings).toEqual([]);
        expect(result).toMatchObject({ converged: true, inTime: true, attempts: 1 });
      });
    }
  });
}
