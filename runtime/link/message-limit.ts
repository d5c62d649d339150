/**
 * The largest request of the public API. gRPC knows one limit a server, and the peer link on the same server
 * takes more; so a request past the API's is read as a mark, and its call is ended by an interceptor.
 */

import {
  ServerInterceptingCall,
  type MethodDefinition,
  type ServerInterceptor,
  type ServiceDefinition,
} from "@grpc/grpc-js";
import { reasons } from "../errors/index.ts";
import { toServiceError } from "./status.ts";

const tooLarge = Symbol("a request larger than the API takes");

/** The same service, but that requests of more than `limitBytes` are not read. Works with `refuseTooLarge`. */
export function limitRequests(definition: ServiceDefinition, limitBytes: number): ServiceDefinition {
  const limited = Object.entries(definition).map(([name, method]: [string, MethodDefinition<unknown, unknown>]) => {
    const { requestDeserialize: read } = method;
    const requestDeserialize = (bytes: Buffer): unknown => (bytes.length > limitBytes ? tooLarge : read(bytes));
    return [name, { ...method, requestDeserialize }] as const;
  });
  return Object.fromEntries(limited);
}

/** Ends a call whose request is marked as too large. */
export function refuseTooLarge(limitBytes: number): ServerInterceptor {
  const message = `A request may have ${limitBytes} bytes; this one has more. Split the transaction.`;
  return (_method, call) =>
    new ServerInterceptingCall(call, {
      start: (next) => {
        next({
          onReceiveMessage: (request: unknown, pass) => {
            if (request !== tooLarge) pass(request);
            else
              call.sendStatus(
                toServiceError({ reason: "MESSAGE_TOO_LARGE", code: reasons.MESSAGE_TOO_LARGE.code, message }),
              );
          },
        });
      },
    });
}
