import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assignAddresses, chooseSubnet, gatewayAddress, parseRange } from "../../lab/src/subnet.js";

describe("the choice of a lab's network", () => {
  test("the first lab of a machine gets the first network", () => {
    expect(chooseSubnet(["127.0.0.1/8", "192.0.2.2/24", "default"])).toBe("10.77.1");
  });

  test("a network that another lab, an interface, a route or a name server uses is left alone", () => {
    expect(chooseSubnet(["10.77.1.0/24", "10.77.2.17/32", "10.77.3.128/25", "10.77.4.9"])).toBe("10.77.5");
  });

  test("a route to all of 10.0.0.0/8 sends labs elsewhere", () => {
    expect(chooseSubnet(["10.0.0.0/8"])).toBe("172.29.1");
    expect(chooseSubnet(["10.0.0.0/8", "172.16.0.0/12"])).toBe("192.168.100");
  });

  test("a machine without a free network is told what to do", () => {
    expect(() => chooseSubnet(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"])).toThrow(/take a lab down/);
  });

  test("a default route and words that are no prefix use nothing", () => {
    expect(parseRange("0.0.0.0/0")).toBeUndefined();
    expect(parseRange("default")).toBeUndefined();
    expect(parseRange("fd00::/64")).toBeUndefined();
  });

  test("the chosen network overlaps none of the used ones, whatever they are", () => {
    const prefix = fc
      .tuple(
        fc.constantFrom("10.77", "172.29", "10.78"),
        fc.nat(255),
        fc.nat(255),
        fc.integer({ min: 18, max: 32 }),
      )
      .map(([start, third, fourth, length]) => `${start}.${third}.${fourth}/${length}`);
    fc.assert(
      fc.property(fc.array(prefix, { maxLength: 20 }), (used) => {
        const chosen = parseRange(`${chooseSubnet(used)}.0/24`);
        const overlapping = used.map(parseRange).filter((range) => {
          return range && chosen && range.first <= chosen.last && range.last >= chosen.first;
        });
        expect(overlapping).toEqual([]);
      }),
    );
  });
});

describe("the addresses of hosts", () => {
  test("hosts are numbered from .11 on, in order, and the gateway is .1", () => {
    expect([...assignAddresses("10.77.1", ["node1", "host1"], new Map())]).toEqual([
      ["node1", "10.77.1.11"],
      ["host1", "10.77.1.12"],
    ]);
    expect(gatewayAddress("10.77.1")).toBe("10.77.1.1");
  });

  test("a host keeps its address when others join", () => {
    const known = new Map([["node2", "10.77.1.11"]]);
    expect([...assignAddresses("10.77.1", ["node1", "node2"], known)]).toEqual([
      ["node2", "10.77.1.11"],
      ["node1", "10.77.1.12"],
    ]);
  });

  test("a network that is full names the host that has no place", () => {
    const names = Array.from({ length: 241 }, (_, index) => `h${index}`);
    expect(() => assignAddresses("10.77.1", names, new Map())).toThrow(/^h240: .*full/);
  });
});
