import { expect, test } from "vitest";
import { renderRules } from "../../lab/src/network.js";

test("all rules of a lab are in its own table, which is replaced whole", () => {
  expect(renderRules("dev", "10.77.1")).toBe(`table inet torocloud_lab_dev {}
delete table inet torocloud_lab_dev
table inet torocloud_lab_dev {
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname != "tl-dev" oifname "tl-dev" ct state != { established, related } drop
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr 10.77.1.0/24 oifname != "tl-dev" masquerade
  }
}
`);
});
