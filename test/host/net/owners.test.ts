import { suite } from "uvu";
import * as assert from "uvu/assert";
import { own } from "../../../host/net/owners.js";
import { Socket } from "../../../host/net/socket.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import { onLoop } from "./support.js";

const test = leakChecked(suite("owners of descriptors"));

test(
  "an owned descriptor can be watched by nobody else until it is closed",
  onLoop(async ({ loop }) => {
    const socket = new Socket();
    const fd = socket.fileno();
    own(loop, fd, new (class Owner {})());
    const error = thrownBy(() => loop.addReader(fd, () => {}));
    assert.is(error.code, "ERR_FD_IN_USE");
    assert.match(error.message, "Owner");
    socket.close();
    assert.is(loop._fdOwners.size, 0);
    const next = new Socket();
    assert.is(next.fileno(), fd);
    loop.addReader(next, () => {});
    next.close();
  }),
);

test.run();
