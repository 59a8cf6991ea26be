import { expect, it } from "vitest";
import { compareHost } from "./agreement.ts";
import { tableOf, type Result } from "./campaign.ts";
import { expectedOn } from "./expected.ts";
import { planRound } from "./plan.ts";

const hosts = ["node1", "host1"];

it("a seed replays a round", () => {
  expect(planRound(7, hosts)).toEqual(planRound(7, hosts));
  expect(planRound(7, hosts, "first up")).toEqual(planRound(7, hosts, "first up"));
});

it("many seeds draw every story, disturbance and host", () => {
  const rounds = Array.from({ length: 500 }, (_, seed) => planRound(seed, hosts));
  expect(new Set(rounds.map(({ disturbance }) => disturbance)).size).toBe(6);
  expect(new Set(rounds.map(({ story }) => story)).size).toBe(6); // all but the first up
  expect(new Set(rounds.map(({ victim }) => victim))).toEqual(new Set(hosts));
});

const urn = "urn:pulumi:s::p::t::n";
const expected = expectedOn("host1", [
  { urn, id: "guest/web-0", outputs: { host: "host1", vsock: "user", shareNames: { site: "web-0.site" } } },
  { urn, id: "share/web", outputs: { hosts: ["host1", "host2"] } },
  { urn, id: "ceph-client-key/ceph", outputs: { hosts: ["node1", "host1"] } },
  { urn, id: "host1/hypervisor/hypervisor", outputs: { host: "host1" } },
  { urn, id: "host1/port-forward/8080", outputs: { host: "host1" } },
  { urn, id: "node1/ceph-osd/osd", outputs: { host: "node1", number: 2 } },
]);
const asDeclared: Readonly<Record<string, readonly string[]>> = {
  marker: [
    "/etc/torocloud/guest/web-0.json",
    "/etc/torocloud/hypervisor/hypervisor.json",
    "/etc/torocloud/port-forward/8080.json",
    "/srv/torocloud/.torocloud/share/web.json",
    "torocloud/ceph-client-key/ceph",
  ].map((place) => `${place} ready organization/p/s`),
  unit: [
    "torocloud-guest-web-0.service active",
    "torocloud-vsock-web-0.service active",
    "torocloud-share-web-0.site.service active",
    "torocloud-share-web-0.site.socket active",
    "torocloud-forward-8080.socket active",
  ],
  "unit-file": ["/etc/systemd/system/torocloud-guest-web-0.service"],
  process: ["qemu-system-x86_64", "vhost-device-vsock", "virtiofsd"],
  user: ["torocloud"],
};

it("a host that is as the state says has no differences", () => {
  expect(compareHost(new Map(Object.entries(asDeclared)), expected)).toEqual([]);
});

it.each([
  [
    "marker",
    "/etc/torocloud/guest/web-1.json ready o/p/s",
    "marker of guest/web-1, which the state does not have, is ready",
  ],
  [
    "unit",
    "torocloud-share-web-9.service active",
    "unit torocloud-share-web-9.service, which nothing declares, is active",
  ],
  ["unit-file", "/etc/systemd/system/torocloud-guest-web-9.service", "unit file that nothing declares: /etc"],
  ["process", "qemu-system-x86_64", "2 processes of qemu-system-x86_64, not 1"],
  ["program", "4711", "the host program still runs: process 4711"],
  ["job", "12 torocloud-guest-web-0.service start running", "systemd has a job: 12"],
  ["dpkg", "The following packages are in a mess", "packages are half-installed"],
  ["file", "/etc/ceph/ceph.conf.torocloud-new", "left behind: /etc/ceph/ceph.conf.torocloud-new"],
])("a %s too many is a difference", (section, line, problem) => {
  const seen = { ...asDeclared, [section]: [...(asDeclared[section] ?? []), line] };
  const found = compareHost(new Map(Object.entries(seen)), expected);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(problem);
});

it.each([
  ["marker", "no marker of guest/web-0"],
  ["unit", "unit torocloud-guest-web-0.service does not run"],
  ["process", "0 processes of qemu-system-x86_64, not 1"],
])("a %s that is missing is a difference", (section, problem) => {
  const seen = { ...asDeclared, [section]: asDeclared[section]?.slice(1) ?? [] };
  expect(compareHost(new Map(Object.entries(seen)), expected)).toEqual([problem]);
});

it("what was kept on purpose is no difference once all is destroyed, and what was not, is", () => {
  const line = (state: string): string => `/etc/torocloud/ceph-osd/osd.json ${state} o/p/s`;
  const none = expectedOn("node1", []);
  expect(compareHost(new Map([["marker", [line("kept")]]]), none)).toEqual([]);
  expect(compareHost(new Map([["marker", [line("pending")]]]), none)).toHaveLength(1);
  expect(compareHost(new Map([["user", ["torocloud"]]]), none)).toEqual(["the user torocloud is left"]);
});

it("a table counts what converged", () => {
  const round = { ...planRound(1, hosts), disturbance: "kill" as const };
  const result: Result = { round, inTime: true, converged: true, seconds: 10, attempts: 1, findings: [] };
  const [, kill, all] = tableOf([result, { ...result, converged: false, seconds: 30, attempts: 5 }]);
  expect(kill).toEqual(["kill", "2", "2", "1", "20", "30", "3.0", "5"]);
  expect(all?.slice(1)).toEqual(kill?.slice(1));
});
