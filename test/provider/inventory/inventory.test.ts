import { createHmac } from "node:crypto";
import { utimesSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import ssh2 from "ssh2";
import { afterAll, describe, expect, it } from "vitest";
import {
  findHost,
  InventoryError,
  loadInventory,
  parseInventory,
} from "../../../provider/src/inventory/index.ts";
import { fingerprint } from "../../../provider/src/keys/host-key.ts";
import { Bench, clientKey, newKey } from "../ssh/ssh-server.ts";

const bench = new Bench();
afterAll(() => {
  bench.remove();
});

const { public: hostKey } = newKey();
const keyFile = bench.write("id", clientKey.private);
const file = join(bench.folder, "inventory.yaml");
const valid = `hosts:\n  node1: { address: 10.0.0.1, hostKey: ${hostKey}, privateKeyFile: id }\n`;

function problemsOf(content: string): readonly string[] {
  try {
    parseInventory(file, content);
  } catch (error) {
    if (error instanceof InventoryError)
      return error.problems.map((problem) => problem.replace(`${file}:`, ""));
    throw error;
  }
  return [];
}

describe("an inventory", () => {
  it("mixes defaults into its hosts and makes paths absolute", () => {
    const { hosts } = parseInventory(
      file,
      `
defaults: { user: anna, privateKeyFile: id, jumpHost: bastion }
hosts:
  node1: { address: "fd00::1", hostKey: ${hostKey}, port: 2222, agent: ~/agent.sock, passphraseEnv: PASS }
  node2: { address: node2.example, hostKey: [${hostKey}], user: root }
  bastion: { address: 10.0.0.9, hostKey: ${hostKey}, sudoPasswordEnv: PW }
`,
    );
    const [type, body] = hostKey.split(" ");
    const common = {
      hostKeys: [{ type, body }],
      hostKeyFile: file,
      inventoryFile: file,
      privateKeyFile: keyFile,
    };
    expect(hosts.get("node1")).toEqual({
      ...{
        ...common,
        name: "node1",
        address: "fd00::1",
        port: 2222,
        user: "anna",
        become: "sudo",
        jumpHost: "bastion",
      },
      ...{ agent: join(homedir(), "agent.sock"), passphraseEnv: "PASS" },
    });
    expect(hosts.get("node2")).toEqual({
      ...{
        ...common,
        name: "node2",
        address: "node2.example",
        port: 22,
        user: "root",
        become: "none",
        jumpHost: "bastion",
      },
    });
    expect(hosts.get("bastion")).not.toHaveProperty("jumpHost");
  });

  it("may be JSON, and may use anchors", () => {
    const json = JSON.stringify(
      { hosts: { node1: { address: "a", hostKey, privateKeyFile: "id" } } },
      undefined,
      "\t",
    );
    expect(parseInventory(file, json).hosts.get("node1")?.address).toBe("a");
    const anchored = `hosts:\n  a: &a { address: a, hostKey: ${hostKey}, privateKeyFile: id }\n  b: *a\n`;
    expect(parseInventory(file, anchored).hosts.get("b")?.address).toBe("a");
  });

  it("finds host keys in a known_hosts file: plain, hashed, by pattern, by port, unless revoked", () => {
    const [one, two, three, four] = Array.from({ length: 4 }, () =>
      newKey().public.split(" ").slice(0, 2).join(" "),
    );
    const salt = Buffer.from("12345678901234567890");
    const hash = createHmac("sha1", salt).update("10.0.0.2").digest("base64");
    bench.write(
      "known_hosts",
      `# comment
10.0.0.1,other ${one ?? ""} me@here
|1|${salt.toString("base64")}|${hash} ${two ?? ""}
[10.0.0.1]:2222 ${three ?? ""}
*.example,!bad.example ${four ?? ""}
@revoked 10.0.0.1 ${two ?? ""}
@cert-authority * ${two ?? ""}
`,
    );
    const host = (address: string, port = 22) =>
      parseInventory(
        file,
        `hosts:\n  n: { address: ${address}, port: ${port}, knownHostsFile: known_hosts, privateKeyFile: id }`,
      )
        .hosts.get("n")
        ?.hostKeys.map(({ type, body }) => `${type} ${body}`);
    expect(host("10.0.0.1")).toEqual([one]);
    expect(host("10.0.0.2")).toEqual([two]);
    expect(host("10.0.0.1", 2222)).toEqual([three]);
    expect(host("Node1.example")).toEqual([four]);
    expect(() => host("bad.example")).toThrow("known_hosts has no key for bad.example");
    expect(() => host("10.0.0.2", 2222)).toThrow("known_hosts has no key for [10.0.0.2]:2222");
  });

  it("is read again only when it has changed", () => {
    const path = bench.write("changing.yaml", valid);
    const first = loadInventory(path);
    expect(loadInventory(path)).toBe(first);
    bench.write("changing.yaml", valid.replace("10.0.0.1", "10.0.0.2"));
    utimesSync(path, 1, 2);
    expect(loadInventory(path).hosts.get("node1")?.address).toBe("10.0.0.2");
  });

  it("says which host it does not have, and which was meant", () => {
    expect(() => findHost(parseInventory(file, valid), "node2")).toThrow(
      `${file}: hosts has no node2, did you mean node1?`,
    );
  });

  it("shows fingerprints as ssh-keygen does", () => {
    const key = {
      type: "ssh-ed25519",
      body: "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
    };
    expect(fingerprint(key)).toBe("ssh-ed25519 SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU");
  });
});

describe("what is wrong with an inventory", () => {
  const host = (fields: string) =>
    `hosts:\n  node1:\n    address: 10.0.0.1\n    hostKey: ${hostKey}\n    ${fields}\n`;
  const login = "privateKeyFile: id";

  it.each([
    ["a file that is no map", `- 1`, [/^1:1: the inventory/]],
    ["a syntax error", `hosts: {\n`, [/^2:1: .*end with a }/]],
    [
      "a key that is given twice",
      `hosts: {}\nhosts: {}\n`,
      ["2:1: hosts is given twice; expected each name once"],
    ],
    ["no hosts", `defaults: {}`, ["1:1: hosts is missing; expected a map from host names to hosts"]],
    [
      "a misspelt section",
      `host: {}\nhosts: {}`,
      ["1:1: host is not a field of an inventory, did you mean hosts?"],
    ],
    [
      "a misspelt field",
      host(`${login}\n    prot: 22`),
      ["6:5: hosts.node1.prot is not a field of hosts.node1, did you mean port?"],
    ],
    [
      "a field that defaults cannot have",
      `defaults: { hostKey: x }\nhosts: {}`,
      [/^1:13: defaults.hostKey is not a field of defaults; expected one of/],
    ],
    [
      "a wrong type",
      host(`${login}\n    port: "22"`),
      [`6:11: hosts.node1.port: found "22"; expected a port number from 1 to 65535`],
    ],
    [
      "a number out of range",
      host(`${login}\n    port: 70000`),
      [`6:11: hosts.node1.port: found 70000; expected a port number from 1 to 65535`],
    ],
    ["an empty host", `hosts:\n  node1:\n`, [/^2:\d+: hosts.node1: found nothing/]],
    [
      "a bad name",
      `hosts:\n  Node_1: { address: a, hostKey: ${hostKey}, ${login} }\n`,
      [/^2:3: hosts: "Node_1" cannot be the name of a host/],
    ],
    [
      "no address",
      `hosts:\n  n: { hostKey: ${hostKey}, ${login} }`,
      ["2:3: hosts.n.address is missing; expected an IPv4 address, an IPv6 address or a DNS name"],
    ],
    [
      "no host key",
      `hosts:\n  n: { address: a, ${login} }`,
      ["2:6: hosts.n.hostKey is missing; expected the host's public key, or knownHostsFile"],
    ],
    [
      "a host key that is none",
      `hosts:\n  n: { address: a, hostKey: ssh-ed25519 AAAA, ${login} }`,
      [/^2:29: hosts.n.hostKey: "ssh-ed25519 AAAA" is not a public host key/],
    ],
    [
      "a host key cut off",
      `hosts:\n  n: { address: a, hostKey: ${hostKey.slice(0, 60)}, ${login} }`,
      [/is not a public host key/],
    ],
    [
      "two sources of host keys",
      host(`${login}\n    knownHostsFile: id`),
      [/^6:5: hosts.node1: hostKey and knownHostsFile are both given/],
    ],
    [
      "a pinned key beside trust on first use",
      host(`${login}\n    trustOnFirstUse: true`),
      [/^6:5: hosts.node1: hostKey and trustOnFirstUse are both given; expected one of them/],
    ],
    [
      "trust on first use without a file to write to",
      `hosts:\n  n: { address: a, trustOnFirstUse: true, ${login} }`,
      [
        "2:6: hosts.n.knownHostsFile is missing; expected the file that keys trusted on first use are written to",
      ],
    ],
    [
      "a missing known_hosts",
      `hosts:\n  n: { address: a, knownHostsFile: nope, ${login} }`,
      [/^2:36: hosts.n.knownHostsFile: \/.*nope does not exist/],
    ],
    [
      "no way to log in",
      host(""),
      ["3:5: hosts.node1: privateKeyFile and agent are missing; expected one of them"],
    ],
    [
      "a key file that holds none",
      host("privateKeyFile: /dev/null"),
      [
        "5:21: hosts.node1.privateKeyFile: /dev/null is not a private key that can be used; expected a private key file",
      ],
    ],
    [
      "an unknown jump host",
      host(`${login}\n    jumpHost: node2`),
      ["6:15: hosts.node1.jumpHost: node2 is not a host in this file, did you mean node1?"],
    ],
    ["a host that jumps over itself", host(`${login}\n    jumpHost: node1`), [/leads back to node1/]],
    [
      "an unknown way to become root",
      host(`${login}\n    become: doas`),
      [`6:13: hosts.node1.become: found "doas"; expected "sudo" or "none"`],
    ],
  ])("names %s", (_, content, expected) => {
    const problems = problemsOf(content);
    expect(problems).toHaveLength(expected.length);
    for (const [index, problem] of expected.entries())
      expect(problems[index]).toEqual(
        expect.stringMatching(problem instanceof RegExp ? problem : exactly(problem)),
      );
  });

  it("is all told at once, in the order of the file", () => {
    const problems = problemsOf(
      `defaults: { user: 5 }\nhosts:\n  a: { address: 1 }\n  b: { adress: x, agent: true }\n`,
    );
    expect(problems.map((problem) => problem.split(/[:;] /)[1])).toEqual([
      "defaults.user",
      "hosts.a.address",
      "hosts.b.address is missing",
      "hosts.b.adress is not a field of hosts.b, did you mean address?",
    ]);
  });

  it("includes jump hosts in a circle", () => {
    const jump = (name: string, next: string) =>
      `  ${name}: { address: a, hostKey: ${hostKey}, agent: true, jumpHost: ${next} }\n`;
    const problems = problemsOf(`hosts:\n${jump("a", "b")}${jump("b", "c")}${jump("c", "a")}`);
    expect(problems).toHaveLength(3);
    expect(problems[0]).toMatch(/hosts.a.jumpHost: b leads back to a/);
  });

  it("includes key files that are public or no keys, but not encrypted ones", () => {
    bench.write("public", clientKey.public);
    bench.write("garbage", "garbage");
    const options = { passphrase: "pp", cipher: "aes256-cbc", rounds: 1 };
    bench.write("encrypted", ssh2.utils.generateKeyPairSync("ed25519", options).private);
    expect(problemsOf(host("privateKeyFile: public"))[0]).toMatch(/public is a public key; expected/);
    expect(problemsOf(host("privateKeyFile: garbage"))[0]).toMatch(
      /garbage is not a private key that can be used/,
    );
    expect(problemsOf(host("privateKeyFile: encrypted"))).toEqual([]);
  });

  it("never shows what could be a secret", () => {
    const secret = "hunter2 {";
    const contents = [
      host(`${login}\n    passphraseEnv: "${secret}"`),
      host(`${login}\n    sudoPasswordEnv: "${secret}"`),
      host(`${login}\n    password: "${secret}"`),
      host(`${login}\n    ${secret}`),
      host(`${login}\n    x: "${secret}" oops "${secret}"`),
      `hosts:\n  node1: "${secret}"`,
      host(`privateKeyFile: "-----BEGIN ${secret}\\nabc"`),
      host(`privateKeyFile: "-----BEGIN PRIVATE KEY----- ${secret}"`),
      host(`${login}\n    user: "root:hunter2"`),
      host(`${login}\n    x: 1`).replace("10.0.0.1", "root:hunter2@node1"),
      host(`{ ${login}, password:hunter2 }`),
      host(login).replace(hostKey, "b3BlbnNzaC1rZXktdjEAAAAACmFlczI1hunter2AAAAGAAAAB"),
      host(`${login}\n    x: *hunter2`),
      host(`${login}\n    x: !hunter2 5`),
    ];
    for (const content of contents) {
      const problems = problemsOf(content).join("\n");
      expect(problems).not.toBe("");
      expect(problems).not.toMatch(/hunter2/);
    }
  });

  it("is a missing file, too", () => {
    expect(() => loadInventory("/nowhere/inventory.yaml")).toThrow(
      "/nowhere/inventory.yaml: the inventory does not exist; expected",
    );
  });
});

function exactly(text: string): RegExp {
  return new RegExp(`^${text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}$`);
}
