/** Errors of builds, worded as the classic builder of Docker 20.10 words them. */
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import type { ErrorKind } from '#base/errors/gantry-error.ts'

/** A request that cannot be taken. */
export function invalidRequest(message: string, remedy = 'Correct the request.'): GantryError {
  return new GantryError('BUILD_REQUEST_INVALID', 'invalid', message, { remedy })
}

/** A step that cannot be done. */
export function stepFailed(
  message: string,
  options: { readonly kind?: ErrorKind; readonly cause?: unknown } = {},
): GantryError {
  return new GantryError('BUILD_STEP_FAILED', options.kind ?? 'invalid', message, {
    cause: options.cause,
    remedy: 'Correct the step in the Dockerfile or what it needs.',
  })
}

/** A RUN whose command ended with another code than 0; clients find the code in `errorDetail`. */
export function commandFailed(command: string, exitCode: number): GantryError {
  return new GantryError(
    'BUILD_COMMAND_FAILED',
    'invalid',
    `The command '${command}' returned a non-zero code: ${exitCode}`,
    {
      remedy: 'Read what the command printed above.',
      details: { code: exitCode },
    },
  )
}

/** Something that only BuildKit can do, in Docker's words. */
export function needsBuildKit(flag: string): GantryError {
  return new GantryError(
    'BUILD_NEEDS_BUILDKIT',
    'invalid',
    `the ${flag} option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/ to learn how to build images with BuildKit enabled`,
    { remedy: 'Build with BuildKit.' },
  )
}

/** A path of the context that leads out of it, or through a file. */
export function forbiddenPath(path: string): GantryError {
  return new GantryError('BUILD_PATH_FORBIDDEN', 'invalid', `forbidden path outside the build context: ${path} ()`, {
    remedy: 'Name a path inside the build context.',
  })
}

/** The last line of a build's output after a failure, as clients read it (Engine API, JSONMessage). */
export function buildErrorMessage(error: unknown): {
  readonly errorDetail: { readonly code?: number; readonly message: string }
  readonly error: string
} {
  const message = messageOf(error)
  const code = error instanceof GantryError ? error.details['code'] : undefined
  return { errorDetail: { ...(typeof code === 'number' ? { code } : {}), message }, error: message }
}
