/** Every docker command of the lecture notes that the project started from, as a reader of them types it. */
import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { bash, clear, lacksImage, scratch } from './target.ts'

interface Row {
  readonly name: string
  /** Run before, silently. */
  readonly given?: string
  readonly type: string
  readonly shows: RegExp
  readonly code?: number
}

const idle = 'docker run -d --name notes busybox sleep 1000 >/dev/null'

const rows: readonly Row[] = [
  { name: 'docker version', type: 'docker version', shows: /Client:[\s\S]*Server:/ },
  { name: 'docker info', type: 'docker info', shows: /Containers: \d+[\s\S]*Storage Driver: overlay2/ },
  { name: 'docker run busybox echo', type: 'docker run busybox echo "Hello world"', shows: /^Hello world\n$/ },
  { name: 'docker ps', given: idle, type: 'docker ps', shows: /^CONTAINER ID .*NAMES\n.* notes\n$/ },
  {
    name: 'docker ps -a',
    given: 'docker run --name ended busybox true',
    type: 'docker ps -a',
    shows: /Exited \(0\).* ended\n/,
  },
  {
    name: 'docker ps -n',
    given: `${idle}; docker run --name second busybox true`,
    type: 'docker ps -n 1',
    shows: /^[^\n]*\n[^\n]* second\n$/,
  },
  { name: 'docker ps -q', given: idle, type: 'docker ps -q', shows: /^[0-9a-f]{12}\n$/ },
  {
    name: 'docker container ls -a',
    given: idle,
    type: 'docker container ls; docker container ls -a',
    shows: /notes[\s\S]*notes/,
  },
  {
    name: 'docker images',
    type: 'docker images; docker image ls -a; docker images -q',
    shows: /REPOSITORY +TAG +IMAGE ID[\s\S]*busybox +latest/,
  },
  {
    name: 'docker image rm',
    given: 'docker tag busybox notes-image:1',
    type: 'docker image rm notes-image:1',
    shows: /^Untagged: notes-image:1\n$/,
  },
  {
    name: 'docker rmi -f by id',
    given: 'printf "FROM busybox\\nENV A=1\\n" | docker build -q -t notes-image:2 - >/dev/null',
    type: 'docker rmi -f $(docker images -q notes-image)',
    shows: /Untagged: notes-image:2[\s\S]*Deleted: sha256:/,
  },
  {
    name: 'docker rm refuses a running container',
    given: idle,
    type: 'docker rm notes',
    shows: /cannot remove.*running/,
    code: 1,
  },
  {
    name: 'docker rm -f of all',
    given: `${idle}; docker run --name second busybox true`,
    type: 'docker rm -f $(docker ps -aq); docker ps -aq',
    shows: /^[0-9a-f]{12}\n[0-9a-f]{12}\n$/,
  },
  {
    name: 'docker ps -a -q | xargs docker rm',
    given: 'docker run --name a1 busybox true; docker run --name a2 busybox true',
    type: 'docker ps -a -q|xargs docker rm; docker ps -aq',
    shows: /^[0-9a-f]{12}\n[0-9a-f]{12}\n$/,
  },
  {
    name: 'docker pull of what no registry has',
    type: 'docker pull 127.0.0.1:1/nosuch:tag',
    shows: /connection refused/,
    code: 1,
  },
  { name: 'docker run -it', type: "script -qec 'docker run -it --rm busybox tty' /dev/null", shows: /\/dev\/pts\/0/ },
  {
    name: 'docker logs',
    given: 'docker run --name notes busybox sh -c "echo one; echo two >&2"',
    type: 'docker logs notes; docker logs -t --tail 1 notes',
    shows: /one\n[\s\S]*\d{4}-\d\d-\d\dT[\d:.]+Z /m,
  },
  {
    name: 'docker logs -tf',
    given: 'docker run --name notes busybox echo one',
    type: 'docker logs -tf notes',
    shows: /Z one\n/,
  },
  {
    name: 'docker top',
    given: idle,
    type: 'docker top notes; docker container top notes',
    shows: /PID[\s\S]*sleep 1000[\s\S]*sleep 1000/,
  },
  {
    name: 'docker inspect',
    given: idle,
    type: "docker inspect -f '{{.State.Status}}' notes; docker inspect busybox | grep -c RepoTags; docker container inspect notes | grep -c NetworkSettings",
    shows: /^running\n1\n1\n$/,
  },
  { name: 'docker stats', given: idle, type: 'docker container stats --no-stream notes', shows: /CPU %[\s\S]*notes/ },
  {
    name: 'docker exec -it',
    given: idle,
    type: 'script -qec \'docker exec -it notes sh -c "echo inside; exit 5"\' /dev/null',
    shows: /inside/,
    code: 5,
  },
  {
    name: 'docker attach',
    given: 'docker run -d -i --name notes busybox cat >/dev/null',
    // Once it is logged the container is killed, which ends what is attached.
    type: '(for i in $(seq 600); do docker logs notes | grep -q typed && break; sleep 0.1; done; docker kill notes >/dev/null) & (sleep 0.5; echo typed) | docker attach notes; wait; docker logs notes',
    shows: /typed/,
  },
  {
    name: 'docker stop and start',
    given: idle,
    type: "docker stop -t 1 notes; docker start notes; docker inspect -f '{{.State.Running}}' notes",
    shows: /^notes\nnotes\ntrue\n$/,
  },
  {
    name: 'docker pause and unpause',
    given: idle,
    type: 'docker pause notes; docker ps --format "{{.Status}}"; docker unpause notes',
    shows: /^notes\nUp .*\(Paused\)\nnotes\n$/,
  },
  {
    name: 'docker kill',
    given: idle,
    type: "docker kill notes; docker inspect -f '{{.State.ExitCode}}' notes",
    shows: /^notes\n137\n$/,
  },
  {
    name: 'docker container prune',
    given: 'docker run --name notes busybox true',
    type: 'docker container prune -f; docker ps -aq',
    shows: /Deleted Containers:\n[0-9a-f]{64}\n\nTotal reclaimed space/,
  },
  {
    name: 'docker search',
    type: 'docker search 127.0.0.1:1/busybox; docker search --filter stars=3 127.0.0.1:1/busybox',
    shows: /(?:connection refused[\s\S]*){2}/,
    code: 1,
  },
  {
    name: 'docker run -p in its three forms',
    given:
      'docker run -d --name notes -p 127.0.0.1:18191:80 -p 18192:81 -p 82 busybox sleep 100 >/dev/null; docker port notes > ports',
    type: 'cat ports',
    shows: /80\/tcp -> 127\.0\.0\.1:18191\n81\/tcp -> 0\.0\.0\.0:18192\n[\s\S]*82\/tcp -> 0\.0\.0\.0:\d+\n/,
  },
  {
    name: 'docker logs --tail number',
    given: 'docker run --name notes busybox seq 20 >/dev/null',
    type: 'docker logs --tail 3 notes',
    shows: /^18\n19\n20\n$/,
  },
  {
    name: 'docker stop and rm by id',
    given: idle,
    type: 'docker stop -t 0 $(docker ps -q) && docker rm $(docker ps -aq); docker ps -aq',
    shows: /^([0-9a-f]{12})\n\1\n$/,
  },
  {
    name: 'docker volume COMMAND',
    type: 'docker volume --help',
    shows: /create[\s\S]*inspect[\s\S]*ls[\s\S]*prune[\s\S]*rm/,
  },
  {
    name: 'the three kinds of --mount, and :ro',
    given: 'mkdir site',
    type: 'docker run --rm --mount type=volume,target=/v --mount type=bind,source=$PWD/site,target=/b --mount type=tmpfs,target=/t -v $PWD/site:/r:ro busybox sh -c "touch /v/a /b/a /t/a && ls /r; touch /r/b"',
    shows: /^a\ntouch: \/r\/b: Read-only file system\n$/,
    code: 1,
  },
  {
    // The card is that of the writer's machine.
    name: 'docker network create -d macvlan',
    type: 'docker network create -d macvlan --subnet=172.16.86.0/24 --gateway=172.16.86.1 -o parent=eno16777736 pub_net',
    shows: /invalid subinterface vlan name eno16777736, example formatting is eth0\.10/,
    code: 1,
  },
  {
    name: 'docker network create -d overlay, without a swarm',
    type: 'docker network create -d overlay notes-net',
    shows: /This node is not a swarm manager/,
    code: 1,
  },
  { name: 'docker history', type: 'docker history busybox', shows: /^IMAGE +CREATED +CREATED BY/ },
  {
    name: 'docker create, start -a',
    type: 'docker create --name notes busybox echo made; docker start -a notes',
    shows: /^[0-9a-f]{64}\nmade\n$/,
  },
  {
    name: 'docker export and import',
    given: 'docker create --name notes busybox true',
    type: 'docker export -o notes.tar notes; docker import -m "image info" notes.tar notes-image:tar; docker run --rm notes-image:tar echo ran; docker rmi -f notes-image:tar',
    shows: /^sha256:[0-9a-f]{64}\nran\n/,
  },
  {
    name: 'docker volume and --mount',
    type: 'docker volume create kept; docker container run --rm --mount type=volume,source=kept,target=/d busybox sh -c "echo in > /d/f"; docker container run --rm --mount source=kept,target=/d busybox cat /d/f; docker volume inspect -f "{{.Name}} {{.Driver}}" kept; docker volume ls -q; docker volume rm kept',
    shows: /^kept\nin\nkept local\nkept\nkept\n$/,
  },
  {
    name: 'docker run -P --mount type=bind',
    given: 'mkdir webapp; echo site > webapp/index.html',
    type: 'docker run -d -P --expose 80 --name web --mount type=bind,source=$PWD/webapp,destination=/opt/webapp busybox busybox httpd -f -p 80 -h /opt/webapp >/dev/null; curl -sf --retry 120 --retry-delay 1 --retry-all-errors http://127.0.0.1:$(docker port web 80/tcp | head -1 | sed "s/.*://")/',
    shows: /^site\n$/,
  },
  {
    name: 'docker network create',
    type: 'docker network create --driver bridge --subnet 10.213.0.0/24 notes-net; docker run --rm --network notes-net busybox ip -4 -o addr show eth0; docker network ls --filter name=notes-net --format "{{.Name}} {{.Driver}}"; docker network rm notes-net',
    shows: /^[0-9a-f]{64}\n.*10\.213\.0\.2\/24[\s\S]*notes-net bridge\nnotes-net\n$/,
  },
  {
    name: 'names on a network',
    given: 'docker network create notes-net; docker run -d --name served --network notes-net busybox sleep 100',
    type: 'docker run --rm --network notes-net busybox ping -c 1 -W 2 served',
    shows: /1 packets received/,
  },
  {
    name: 'docker run --network host and none',
    type: 'docker run --rm --network host busybox hostname; docker run --rm --network none busybox ip -o link | wc -l',
    shows: /\S+\n\d+\n$/,
  },
]

describe('the lecture notes, line by line', { skip: lacksImage('busybox') }, () => {
  before(clear)
  after(clear)
  for (const row of rows)
    test(row.name, () => {
      using folder = scratch()
      clear()
      if (row.given !== undefined) bash(row.given, { cwd: folder.path })
      const { code, text } = bash(row.type, { cwd: folder.path })
      assert.match(text, row.shows)
      assert.equal(code, row.code ?? 0, text)
    })
})

describe('the notes’ application', { skip: lacksImage('node:7') }, () => {
  after(clear)
  test('is built from FROM node:7, answers on its port, logs, stops and goes', () => {
    using folder = scratch()
    clear()
    cpSync(join(import.meta.dirname, '../../examples/kubia'), folder.path, { recursive: true })
    const port = 20_000 + (process.pid % 10_000)
    const { code, text } = bash(
      `docker build -t kubia . && docker images kubia &&
      docker run --name kubia-container -p ${port}:8080 -d kubia &&
      for i in $(seq 600); do curl -sf http://127.0.0.1:${port} && break; sleep 0.1; done;
      docker inspect -f 'name={{.Config.Hostname}}' kubia-container; docker logs kubia-container; docker stop -t 1 kubia-container && docker rm kubia-container; docker rmi kubia`,
      { cwd: folder.path },
    )
    assert.equal(code, 0, text)
    assert.match(text, /Successfully tagged kubia:latest/)
    const host = /^name=([0-9a-f]{12})$/m.exec(text)?.[1] ?? 'none'
    assert.ok(text.includes(`You've hit ${host}\n`), text)
    assert.match(text, /Kubia server starting\.\.\.\nReceived request from /)
  })

  test('runs under the long name of the slides, from a Dockerfile with EXPOSE and COPY', () => {
    using folder = scratch()
    clear()
    const { code, text } = bash(
      `printf 'FROM node:7\\nEXPOSE 8080\\nCOPY server.js .\\nCMD node server.js\\n' > Dockerfile
      echo 'console.log("served by " + process.version); setInterval(function () {}, 1000)' > server.js
      docker build -t gcr.io/mohr-dev/hello-node:v1 . >/dev/null && docker run -d -p 0:8080 --name hello_tutorial gcr.io/mohr-dev/hello-node:v1 >/dev/null
      for i in $(seq 600); do docker logs hello_tutorial | grep served && break; sleep 0.1; done; docker stop -t 1 hello_tutorial; docker rmi -f gcr.io/mohr-dev/hello-node:v1 >/dev/null`,
      { cwd: folder.path },
    )
    assert.equal(code, 0, text)
    assert.match(text, /served by v7\.[\s\S]*hello_tutorial/)
  })
})
