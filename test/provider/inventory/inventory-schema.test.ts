import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { inventorySchema, loadInventory, parseInventory } from "../../../provider/src/inventory/index.ts";
import { Bench, clientKey, newKey } from "../ssh/ssh-server.ts";

const bench = new Bench();
afterAll(() => {
  bench.remove();
});

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const published = JSON.parse(read("sdk/inventory.schema.json")) as Record<string, unknown>;
const accepts = new Ajv2020({ strict: true, strictTypes: false, allErrors: true }).compile(published);

const { public: hostKey } = newKey();
bench.write("id", clientKey.private);
bench.write("known", `* ${hostKey}\n`);
const file = join(bench.folder, "inventory.yaml");
const host = { address: "192.0.2.1", hostKey, privateKeyFile: "id" };
const withHost = (fields: object, defaults?: object): object => ({
  ...(defaults && { defaults }),
  hosts: { node1: { ...host, ...fields } },
});

/** Whether our own parser takes it, as YAML and as JSON. */
function parses(inventory: unknown): boolean {
  try {
    parseInventory(file, JSON.stringify(inventory));
    return true;
  } catch {
    return false;
  }
}

describe("the published schema of inventories", () => {
  it("is the one that the provider's definitions make", () => {
    expect(published).toEqual(inventorySchema());
  });

  it("describes every field", () => {
    const { properties } = published as { properties: Record<string, { additionalProperties?: object }> };
    const fields = (properties["hosts"]?.additionalProperties as { properties: Record<string, object> })
      .properties;
    expect(Object.keys(fields).length).toBeGreaterThan(15);
    for (const field of [...Object.values(fields), ...Object.values(properties)])
      expect(field).toHaveProperty("description");
  });

  it("is what the example names for editors, and accepts the example as our parser does", () => {
    const text = read("examples/inventory.yaml");
    const named = /^# yaml-language-server: \$schema=(\S+)$/m.exec(text)?.[1] ?? "";
    expect(
      JSON.parse(readFileSync(new URL(named, new URL("examples/inventory.yaml", root)), "utf8")),
    ).toEqual(published);
    expect(accepts(parse(text))).toBe(true);
    const ours = bench.write(
      "example.yaml",
      text.replaceAll("~/.ssh/known_hosts", "known").replaceAll("~/.ssh/id_ed25519", "id"),
    );
    expect([...loadInventory(ours).hosts.keys()]).toEqual(["node1", "node2", "node3", "host1", "host2"]);
  });

  it.each([
    ["the least", withHost({})],
    ["its own address", { $schema: "../sdk/inventory.schema.json", ...withHost({}) }],
    ["several keys", withHost({ hostKey: [hostKey, hostKey] })],
    ["no hosts yet", { hosts: {} }],
    [
      "everything",
      {
        defaults: {
          user: "anna",
          port: 2222,
          agent: true,
          knownHostsFile: "known",
          trustOnFirstUse: true,
          maxSessions: 1,
        },
        hosts: {
          bastion: { address: "fd00::1", agent: "/run/agent", become: "none" },
          node1: {
            ...{ address: "node1.example", jumpHost: "bastion", privateKeyFile: "id", passphraseEnv: "PP" },
            ...{ sudoPasswordEnv: "PW", become: "sudo", trustOnFirstUse: false, port: 22, user: "root" },
            ...{ connectTimeoutSeconds: 30, connectAttempts: 10, keepAliveSeconds: 5, maxSessions: 20 },
          },
        },
      },
    ],
  ])("accepts %s, as our parser does", (_, inventory) => {
    expect([accepts(inventory), accepts.errors ?? []]).toEqual([true, []]);
    expect(parses(inventory)).toBe(true);
  });

  it.each([
    ["no hosts", {}],
    ["a list of hosts", { hosts: [] }],
    ["another section", { ...withHost({}), groups: {} }],
    ["a schema that is no text", { ...withHost({}), $schema: 5 }],
    ["a name that is none", { hosts: { Node_1: host } }],
    ["a host without an address", { hosts: { node1: { ...host, address: undefined } } }],
    ["an address with a space", withHost({ address: "a b" })],
    ["a misspelt field", withHost({ adress: "a" })],
    ["a port as text", withHost({ port: "22" })],
    ["a port out of range", withHost({ port: 65536 })],
    ["half a port", withHost({ port: 22.5 })],
    ["an empty user", withHost({ user: "" })],
    ["a user with a space", withHost({ user: "an na" })],
    ["an empty list of keys", withHost({ hostKey: [] })],
    ["a key that is a number", withHost({ hostKey: 5 })],
    ["another way to be root", withHost({ become: "doas" })],
    ["a passphrase in place of a name", withHost({ passphraseEnv: "pass phrase" })],
    ["a password in place of a name", withHost({ sudoPasswordEnv: "hunter-2" })],
    ["an agent that is a number", withHost({ agent: 1 })],
    [
      "trust that is a word",
      withHost({ hostKey: undefined, knownHostsFile: "known", trustOnFirstUse: "yes" }),
    ],
    ["no time at all", withHost({ connectTimeoutSeconds: 0 })],
    ["no attempt", withHost({ connectAttempts: 0 })],
    ["too many sessions", withHost({ maxSessions: 1000 })],
    ["an address for all", withHost({}, { address: "a" })],
    ["a host key for all", withHost({}, { hostKey })],
    ["a default of a wrong type", withHost({}, { port: "22" })],
  ])("refuses %s, as our parser does", (_, inventory) => {
    const plain = JSON.parse(JSON.stringify(inventory)) as unknown;
    expect(accepts(plain)).toBe(false);
    expect(parses(plain)).toBe(false);
  });
});
