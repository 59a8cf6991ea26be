import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { CephCluster, ClientHosts, Cloud, host, Microservice, type CloudArgs } from "@torocloud/sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { kindOf, mockEngine, watchIdentities, type Registered } from "./mocked-engine.ts";

const hosts = Object.fromEntries(
  ["node1", "node2", "node3", "host1", "host2", "node4", "node5", "node6", "host3"].map((name, index) => [
    name,
    index % 2 === 0 ? `192.0.2.${String(index + 1)}` : `fd00::${String(index + 1)}`,
  ]),
);
const nodes = ["node1", "node2", "node3"];
const web = { image: { kernel: "vmlinux", initramfs: "initramfs" }, files: "site", replicas: 2, port: 8080 };
const args: CloudArgs = {
  ceph: { nodes },
  clients: { hosts: ["host1", "host2"] },
  services: { web },
};

let registered: Registered[];
beforeEach(async () => {
  registered = await mockEngine(hosts);
});

afterEach(async () => {
  await pulumi.runtime.disconnect();
});

type Inputs = Readonly<Record<string, unknown>>;

function of(kind: string): Inputs[] {
  return registered.filter((one) => kindOf(one) === kind).map(({ inputs }) => inputs as Inputs);
}

/** What exists on hosts, by the fields that make it another one; the same in every version. */
function things(): string[] {
  return registered
    .filter(({ type }) => type.startsWith("pulumi-nodejs:"))
    .map((one) => {
      const { host: on, hosts: through, name, listenPort } = one.inputs as Inputs;
      const fields = [kindOf(one), on ?? (through as string[]).join(), name, listenPort].filter(
        (field) => field !== undefined,
      );
      return fields.map(String).join(" ");
    });
}

describe("a stack of version 0.1.0", () => {
  const urnsOf010 = (
    JSON.parse(readFileSync(new URL("../recordings/0.1.0/state.json", import.meta.url), "utf8")) as {
      deployment: { resources: { urn: string }[] };
    }
  ).deployment.resources.map(({ urn }) =>
    urn.replace(/^urn:pulumi:[^:]+::[^:]+::/, "urn:pulumi:stack::project::"),
  );

  it("has every resource of the same program under its URN or an alias, and no two under one", async () => {
    const identities = watchIdentities();
    new Cloud("cloud", args);
    await pulumi.runtime.disconnect();
    // A share of 0.1.0 was its guest's alone: it is a part of that now, and what is a share now is all guests'.
    const replaced = ["pulumi:pulumi:Stack", "::pulumi:providers:", "torocloud:Share::"];
    const recorded = urnsOf010.filter((urn) => !replaced.some((part) => urn.includes(part)));
    expect(recorded.length).toBeGreaterThan(35);
    for (const urn of recorded) {
      const matching = identities.filter((one) => [one.urn, ...one.aliases].includes(urn));
      expect(
        matching.map((one) => one.urn),
        urn,
      ).toHaveLength(1);
    }
    const found = identities.filter((one) => [one.urn, ...one.aliases].some((urn) => recorded.includes(urn)));
    expect(found).toHaveLength(identities.filter(({ urn }) => !urn.includes("torocloud:Share::")).length);
  });
});

describe("two clouds in one program", () => {
  it("have URNs of their own", async () => {
    const identities = watchIdentities();
    new Cloud("cloud", args);
    new Cloud("other", {
      ceph: { nodes: ["node4", "node5", "node6"] },
      clients: { hosts: ["host3"] },
      services: { web: { ...web, replicas: 1 } },
    });
    await pulumi.runtime.disconnect();
    const urns = identities.map(({ urn }) => urn);
    expect(new Set(urns).size).toBe(urns.length);
    expect(urns.filter((urn) => urn.endsWith("::cloud-web-0"))).toHaveLength(1);
    expect(urns.filter((urn) => urn.endsWith("::other-web-0"))).toHaveLength(1);
  });

  it("are called on their hosts as one is", async () => {
    new Cloud("other", args);
    await pulumi.runtime.disconnect();
    expect(things()).toEqual(
      expect.arrayContaining([
        "Cluster node1 ceph",
        "FileSystem node1,node2,node3 ceph",
        "ClientKey node1,node2,node3 ceph",
        "Mount host1 storage",
        "Image host1,host2 web",
        "SharedFiles host1,host2 web",
        "Share host1,host2 web",
        "Guest host1 web-0",
      ]),
    );
  });
});

describe("three machines", () => {
  it("are a whole cloud: each is declared once, and mounts with ceph-fuse", async () => {
    new Cloud("cloud", {
      ceph: { nodes },
      clients: { hosts: nodes },
      services: { web: { ...web, replicas: 3 } },
    });
    await pulumi.runtime.disconnect();
    expect(of("Host").map((one) => one["host"])).toEqual(nodes);
    expect(of("Mount").map((one) => one["client"])).toEqual(["fuse", "fuse", "fuse"]);
    expect(new Set(things()).size).toBe(things().length);
  });

  it("may be composed of components, and of hosts that the program declares itself", async () => {
    new host.Host("mine", { host: "node1" });
    const cluster = new CephCluster("ceph", { nodes });
    const clients = new ClientHosts("clients", { cluster, hosts: ["node3", "host1"] });
    new Microservice("web", { ...web, hosts: clients });
    await pulumi.runtime.disconnect();
    expect(of("Host").map((one) => one["host"])).toEqual(["node1", "node2", "node3", "host1"]);
    const fuse = of("Mount").filter(({ client }) => client === "fuse");
    expect(fuse.map((one) => one["host"])).toEqual(["node3"]);
  });
});

describe("a service", () => {
  it("without a port forwards nothing, has no URL and is asked nothing", async () => {
    const { image, files, replicas } = web;
    const worker = { image, files, replicas };
    const cloud = new Cloud("cloud", {
      ...args,
      services: { worker, asked: { ...worker, guestPort: 9000 } },
    });
    await pulumi.runtime.disconnect();
    expect(cloud.urls).toEqual({ worker: [], asked: [] });
    expect(of("PortForward")).toEqual([]);
    expect(of("Guest").map(({ name, ready }) => [name, ready])).toEqual([
      ["worker-0", undefined],
      ["worker-1", undefined],
      ["asked-0", { port: 9000 }],
      ["asked-1", { port: 9000 }],
    ]);
  });

  it("on a host with an IPv6 address has it in brackets", async () => {
    const cloud = new Cloud("cloud", args);
    await pulumi.runtime.disconnect();
    expect(cloud.urls["web"]).toEqual(["http://[fd00::4]:8080/", "http://192.0.2.5:8080/"]);
  });

  it("gives each replica the context id that is meant for it", async () => {
    new Cloud("cloud", { ...args, services: { web: { ...web, contextIds: [7, 8] } } });
    await pulumi.runtime.disconnect();
    expect(of("Guest").map(({ name, contextId }) => [name, contextId])).toEqual([
      ["web-0", 7],
      ["web-1", 8],
    ]);
  });

  it("may give one context id to guests of two hosts", () => {
    expect(
      () => new Cloud("cloud", { ...args, services: { web: { ...web, contextIds: [7, 7] } } }),
    ).not.toThrow();
  });
});

describe("limits of time", () => {
  it("are given at any level, the innermost counts", async () => {
    const services = { web: { ...web, timeouts: { waitSeconds: 900 } } };
    new Cloud("cloud", { ...args, services, timeouts: { waitSeconds: 300 } });
    await pulumi.runtime.disconnect();
    const limits = (kind: string): unknown[] => of(kind).map((one) => one["timeouts"]);
    expect(limits("Guest")).toEqual([{ waitSeconds: 900 }, { waitSeconds: 900 }]);
    for (const kind of ["Host", "Packages", "Cluster", "Node", "Monitor", "Manager", "Osd", "MetadataServer"])
      for (const limit of limits(kind)) expect(limit, kind).toEqual({ waitSeconds: 300 });
    for (const kind of ["FileSystem", "ClientKey", "Mount", "Hypervisor"])
      for (const limit of limits(kind)) expect(limit, kind).toEqual({ waitSeconds: 300 });
  });

  it("are nobody's inputs when they are not given", async () => {
    new Cloud("cloud", args);
    await pulumi.runtime.disconnect();
    for (const { inputs } of registered) expect(inputs).not.toHaveProperty("timeouts");
  });
});
