import * as pulumi from "@pulumi/pulumi";
import { Cloud } from "@torocloud/sdk";
import { beforeAll, describe, expect, it } from "vitest";
import { kindOf, mockEngine, type Registered } from "./mocked-engine.ts";

let registered: Registered[];
let urls: Readonly<Record<string, readonly string[]>>;

beforeAll(async () => {
  registered = await mockEngine({
    node1: "192.0.2.11",
    node2: "192.0.2.12",
    node3: "192.0.2.13",
    host1: "192.0.2.21",
    host2: "192.0.2.22",
  });
  const cloud = new Cloud("cloud", {
    ceph: { nodes: ["node1", "node2", "node3"] },
    clients: { hosts: ["host1", "host2"] },
    services: { web: { image: { kernel: "vmlinux" }, files: "site", replicas: 3, port: 8080 } },
  });
  urls = cloud.urls;
  await pulumi.runtime.disconnect();
});

function of(kind: string): Registered[] {
  return registered.filter((resource) => kindOf(resource) === kind);
}

function inputsOf(kind: string): Record<string, unknown>[] {
  return of(kind).map(({ inputs }) => inputs as Record<string, unknown>);
}

describe("the whole cloud", () => {
  it("has a monitor and an OSD on each node, two managers and two metadata servers", () => {
    const counts = ["Monitor", "Osd", "Manager", "MetadataServer", "Mount"].map((kind) => of(kind).length);
    expect(counts).toEqual([3, 3, 2, 2, 2]);
  });

  it("spreads replicas over the hosts, and gives a second one on a host the next port", () => {
    const forwards = inputsOf("PortForward").map(
      ({ host, listenPort }) => `${String(host)}:${String(listenPort)}`,
    );
    expect(forwards.sort()).toEqual(["host1:8080", "host1:8081", "host2:8080"]);
    expect(urls["web"]).toEqual([
      "http://192.0.2.21:8080/",
      "http://192.0.2.22:8080/",
      "http://192.0.2.21:8081/",
    ]);
  });

  it("has replicas restart one after the other", () => {
    const guests = registered.filter(({ type }) => type.endsWith(":Guest"));
    expect(guests.map(({ inputs }) => (inputs as { turn?: string }).turn)).toEqual(["web", "web", "web"]);
  });

  it("tells every resource its stack and inventory, and keeps data unless told otherwise", () => {
    const own = registered.filter(({ type }) => type.startsWith("pulumi-nodejs:dynamic/torocloud:"));
    expect(own.length).toBeGreaterThan(30);
    for (const { inputs } of own) {
      expect(inputs).toMatchObject({
        owner: "organization/project/stack",
        onDelete: "keepData",
        inventory: expect.stringContaining("inventory.json") as string,
      });
    }
  });

  it("names all monitors to each of them, with the inventory's addresses", () => {
    for (const { monitors } of inputsOf("Monitor")) {
      expect(monitors).toEqual([
        { name: "node1", address: "192.0.2.11" },
        { name: "node2", address: "192.0.2.12" },
        { name: "node3", address: "192.0.2.13" },
      ]);
    }
  });

  it("asks any node for keys", () => {
    const nodes = ["node1", "node2", "node3"];
    expect([...inputsOf("Node"), ...inputsOf("Mount")].map(({ keysFrom }) => keysFrom)).toEqual(
      Array.from({ length: 5 }, () => nodes),
    );
  });

  it("says nothing of an initial file system where the image has none", () => {
    for (const guest of inputsOf("Guest")) expect(guest).not.toHaveProperty("initramfs");
  });
});
