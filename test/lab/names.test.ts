import { describe, expect, test } from "vitest";
import {
  bridgeName,
  checkHostName,
  checkLabName,
  defaultHosts,
  hostDirectory,
  inventoryFile,
  tableName,
} from "../../lab/src/names.js";

describe("the names of a lab", () => {
  test.each(["default", "a", "dev1", "abcdefgh"])("%s can be a lab's name", (name) => {
    expect(checkLabName(name)).toBe(name);
  });

  test.each(["", "1a", "Dev", "abcdefghi", "a-b", "a/b", "..", "a b"])(
    "%j cannot be a lab's name",
    (name) => {
      expect(() => checkLabName(name)).toThrow(/cannot be a lab's name: use/);
    },
  );

  test.each(["", "1a", "Node1", "node1-", "a/b", "a.b", "abcdefghijklmnop"])(
    "%j cannot be a host's name",
    (name) => {
      expect(() => checkHostName(name)).toThrow(/cannot be a host's name: use/);
    },
  );

  test("the default hosts are three nodes and two client hosts", () => {
    expect(defaultHosts.map(checkHostName)).toEqual(["node1", "node2", "node3", "host1", "host2"]);
  });

  test("everything a lab makes carries its name, and interface names fit into 15 characters", () => {
    expect(bridgeName("abcdefgh")).toBe("tl-abcdefgh");
    expect(bridgeName("abcdefgh").length).toBeLessThanOrEqual(15);
    expect(tableName("dev")).toBe("torocloud_lab_dev");
    expect(hostDirectory("dev", "node1")).toBe("/var/lib/torocloud-lab/dev/hosts/node1");
    expect(inventoryFile("dev")).toBe("/var/lib/torocloud-lab/dev/inventory.yaml");
  });
});
