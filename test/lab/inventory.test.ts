import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import {
  publicKeyWords,
  renderInventory,
  renderKnownHosts,
  renderSshConfig,
} from "../../lab/src/inventory.js";

const hosts = [
  { name: "node1", address: "10.77.1.11", hostKey: "ssh-ed25519 AAAA1" },
  { name: "host1", address: "10.77.1.14", hostKey: "ssh-ed25519 AAAA2" },
];

describe("how others reach a lab's hosts", () => {
  test("the inventory pins each host's key and names the lab's own private key", () => {
    expect(parse(renderInventory("dev", hosts))).toEqual({
      hosts: {
        node1: {
          address: "10.77.1.11",
          port: 22,
          user: "root",
          hostKey: "ssh-ed25519 AAAA1",
          privateKeyFile: "/var/lib/torocloud-lab/dev/id_ed25519",
        },
        host1: {
          address: "10.77.1.14",
          port: 22,
          user: "root",
          hostKey: "ssh-ed25519 AAAA2",
          privateKeyFile: "/var/lib/torocloud-lab/dev/id_ed25519",
        },
      },
    });
  });

  test("a long key stays on one line", () => {
    const hostKey = `ssh-ed25519 ${"A".repeat(200)}`;
    expect(renderInventory("dev", [{ name: "node1", address: "10.77.1.11", hostKey }])).toContain(
      `hostKey: ${hostKey}\n`,
    );
  });

  test("known hosts go by name and by address", () => {
    expect(renderKnownHosts(hosts)).toBe(
      "node1,10.77.1.11 ssh-ed25519 AAAA1\nhost1,10.77.1.14 ssh-ed25519 AAAA2\n",
    );
  });

  test("ssh knows the lab's hosts, checks their keys and looks at no other file", () => {
    const config = renderSshConfig("dev", hosts);
    expect(config).toContain("Host node1\n  HostName 10.77.1.11\n");
    expect(config).toContain("StrictHostKeyChecking yes\n");
    expect(config).toContain("UserKnownHostsFile /var/lib/torocloud-lab/dev/known_hosts\n");
    expect(config).toContain("GlobalKnownHostsFile /dev/null\n");
  });

  test("a public key loses its comment", () => {
    expect(publicKeyWords("ssh-ed25519 AAAA node1 of lab dev\n")).toBe("ssh-ed25519 AAAA");
  });
});
