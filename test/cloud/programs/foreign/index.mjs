import { microvm } from "@torocloud/sdk";

const forward = { host: "host1", guest: "web-0", guestPort: 80, vsock: "user", contextId: 42 };

/** A port and a guest of the example cloud's. */
new microvm.PortForward("port", { ...forward, listenPort: 8090 });
new microvm.Guest("guest", {
  host: "host1",
  name: "web-0",
  kernel: "/srv/torocloud/images/web/kernel",
  accel: "tcg",
  vsock: "user",
  mountUnit: "torocloud-mount-storage.service",
});

/** A port whose unit was made by hand. */
new microvm.PortForward("by-hand", { ...forward, listenPort: 9999 });
