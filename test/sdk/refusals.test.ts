import { writeFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { CephCluster, microvm } from "@torocloud/sdk";
import { beforeAll, describe, expect, it } from "vitest";
import { mockEngine } from "./mocked-engine.ts";

const share = {
  storage: "/srv/torocloud",
  source: "/srv/torocloud/shares/web",
};
const forward = { guest: "web-0", guestPort: 80, vsock: "kernel", contextId: 7 } as const;

beforeAll(async () => {
  await mockEngine({
    host1: "192.0.2.21",
    node1: "node1.example.org",
    node2: "192.0.2.12",
    node3: "192.0.2.13",
  });
});

describe("a program that cannot be meant", () => {
  it("may not declare one share twice; both names and the id are told", () => {
    new microvm.Share("first", { hosts: ["host1"], name: "web", ...share });
    expect(() => new microvm.Share("second", { hosts: ["node1", "host1"], name: "web", ...share })).toThrow(
      "second and first are both share/web",
    );
  });

  it("may not forward one port of a host twice", () => {
    new microvm.PortForward("one", { host: "host1", listenPort: 8080, ...forward });
    expect(() => new microvm.PortForward("two", { host: "host1", listenPort: 8080, ...forward })).toThrow(
      "two and one are both host1/port-forward/8080",
    );
    expect(
      () => new microvm.PortForward("three", { host: "host1", listenPort: 8081, ...forward }),
    ).not.toThrow();
  });

  it("is told which node needs an IP address", () => {
    expect(() => new CephCluster("ceph", { nodes: ["node1", "node2", "node3"] })).toThrow(
      'the inventory reaches node1 at "node1.example.org"; monitors need an IP address',
    );
  });

  it("is told where its inventory is wrong before anything else happens", () => {
    const { "torocloud:inventory": path } = pulumi.runtime.allConfig();
    writeFileSync(String(path), '{ "hosts": { "host1": { "address": 7 } } }');
    expect(() => new microvm.Share("third", { hosts: ["host1"], name: "other", ...share })).toThrow(
      /inventory\.json:1:\d+/,
    );
  });
});
