import { setTimeout as sleep } from "node:timers/promises";
import { cutNetwork, pauseHost, rebootHost, restoreNetwork, resumeHost } from "../../lab/src/index.ts";
import type { Disturbance, Round } from "./plan.ts";
import type { TypedCommand } from "./typed-command.ts";

type Act = (lab: string, round: Round, command: TypedCommand) => Promise<void>;

/** Each ends with the hosts as they were: on, and on the network. */
const acts: Readonly<Record<Disturbance, Act>> = {
  async kill(_lab, _round, command) {
    command.kill();
  },
  async "cut, kill"(lab, { victim, troubleMs }, command) {
    await cutNetwork(lab, victim);
    await sleep(Math.min(troubleMs, 4000));
    command.kill();
    await command.ended;
    await restoreNetwork(lab, victim);
  },
  async reboot(lab, { victim }) {
    await rebootHost(lab, victim);
  },
  async "reboot, kill"(lab, { victim }, command) {
    const rebooted = rebootHost(lab, victim);
    command.kill();
    await rebooted;
  },
  async pause(lab, { victim, troubleMs }) {
    await pauseHost(lab, victim);
    await sleep(troubleMs);
    await resumeHost(lab, victim);
  },
  async cut(lab, { victim, troubleMs }) {
    await cutNetwork(lab, victim);
    await sleep(troubleMs);
    await restoreNetwork(lab, victim);
  },
};

/** Does to a running command, or to a host meanwhile, what the round asks for. */
export async function disturb(lab: string, round: Round, command: TypedCommand): Promise<void> {
  await acts[round.disturbance](lab, round, command);
}
