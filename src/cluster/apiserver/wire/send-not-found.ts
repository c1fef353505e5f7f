/** Paths that nobody has. */
import type { HttpResponse } from '#kit/http/exchange.ts'

/** Answers as Go's servers do for paths that nobody has: in plain text. */
export function sendNotFound(response: HttpResponse): void {
  response.send(404, '404 page not found\n', {
    'Content-Type': 'text/plain; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
  })
}
