import { describe, expect, test } from "vitest";
import { identityFiles, reachFiles } from "../../lab/src/host-files.js";
import { parseResolvConf } from "../../lab/src/machine.js";

const all = [
  { name: "node1", address: "10.77.1.11" },
  { name: "host1", address: "10.77.1.12" },
];
const identity = {
  host: { name: "node1", address: "10.77.1.11" },
  all,
  subnet: "10.77.1",
  mtu: 1400,
  hostKey: { privateKey: "PRIVATE", publicKey: "PUBLIC" },
  clientPublicKey: "CLIENT",
};

describe("the files of a host", () => {
  const files = new Map(identityFiles(identity).map((file) => [file.path, file]));

  test("a host knows its own name and its neighbours'", () => {
    expect(files.get("/etc/hostname")?.content).toBe("node1\n");
    expect(files.get("/etc/hosts")?.content).toContain("10.77.1.11 node1\n10.77.1.12 host1\n");
  });

  test("its address, gateway and packet size are fixed", () => {
    const network = files.get("/etc/systemd/network/10-host0.network")?.content;
    expect(network).toContain("Address=10.77.1.11/24\nGateway=10.77.1.1\n");
    expect(network).toContain("MTUBytes=1400\n");
  });

  test("private files are private", () => {
    expect(files.get("/etc/ssh/ssh_host_ed25519_key")).toMatchObject({ content: "PRIVATE", mode: 0o600 });
    expect(files.get("/root/.ssh/authorized_keys")).toMatchObject({ content: "CLIENT", mode: 0o600 });
  });

  test("no two hosts share a machine id", () => {
    const id = (): unknown =>
      identityFiles(identity).find((file) => file.path === "/etc/machine-id")?.content;
    expect(id()).toMatch(/^[0-9a-f]{32}\n$/);
    expect(id()).not.toBe(id());
  });

  test("a host reaches packages the way its machine does", () => {
    const certificate = { path: "/etc/ssl/own.pem", content: Buffer.from("PEM"), mode: 0o644 };
    const reach = {
      mirror: { main: "http://mirror.example/debian", updates: undefined, security: undefined },
      aptSettings: ['Acquire::http::Proxy "http://proxy.example";'],
      files: [certificate],
      nameservers: ["192.0.2.53"],
      search: ["example"],
    };
    const content = new Map(reachFiles(reach).map((file) => [file.path, file.content]));
    expect(content.get("/etc/resolv.conf")).toBe("search example\nnameserver 192.0.2.53\n");
    expect(content.get("/etc/apt/sources.list")).toBe("deb http://mirror.example/debian trixie main\n");
    expect(content.get("/etc/apt/apt.conf.d/91machine")).toBe(
      'Acquire::http::Proxy "http://proxy.example";\n',
    );
    expect(content.get("/etc/ssl/own.pem")).toEqual(certificate.content);
  });
});

describe("the name servers of a machine", () => {
  test("those that only the machine itself can reach are left out", () => {
    const text =
      "# x\nnameserver 127.0.0.53\nnameserver 192.0.2.53\nsearch a.example b.example\noptions edns0\n";
    expect(parseResolvConf(text)).toEqual({
      nameservers: ["192.0.2.53"],
      search: ["a.example", "b.example"],
    });
  });
});
