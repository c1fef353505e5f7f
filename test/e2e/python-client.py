"""Docker's Python library through a whole life: images, containers, exec, logs, events, networks, volumes, builds."""
import io
import tarfile
import threading
import time

import docker

client = docker.from_env()


def check(condition, what):
    if not condition:
        raise SystemExit('python client: ' + what)
    print('ok', what)


def soon(holds):
    """True when it holds within a minute."""
    for _ in range(600):
        if holds():
            return True
        time.sleep(0.1)
    return False


check(client.ping(), 'ping')
check(client.version()['ApiVersion'], 'version')
check(client.info()['OSType'] == 'linux', 'info')

image = client.images.get('busybox')
check(image.tag('py-image', tag='1'), 'tag')
check('py-image:1' in client.images.get('py-image:1').tags, 'images.get')
check(any('py-image:1' in i.tags for i in client.images.list('py-image')), 'images.list')
check(len(image.history()) >= 1, 'history')
saved = b''.join(image.save(named=True))
check(client.images.load(saved)[0].id == image.id, 'save and load')
client.images.remove('py-image:1')
try:
    client.images.get('py-image:1')
    check(False, 'removed image is gone')
except docker.errors.ImageNotFound:
    print('ok removed image is gone')

seen = []
stream = client.events(decode=True)


def collect():
    for event in stream:
        seen.append((event['Type'], event['Action']))


threading.Thread(target=collect, daemon=True).start()

check(client.containers.run('busybox', ['echo', 'hi'], remove=True) == b'hi\n', 'run')
both = client.containers.run('busybox', ['sh', '-c', 'echo out; echo err >&2'], remove=True, stderr=True)
check(sorted(both.split()) == [b'err', b'out'], 'run with both streams')
try:
    client.containers.run('busybox', ['sh', '-c', 'exit 3'], remove=True)
    check(False, 'exit code raises')
except docker.errors.ContainerError as error:
    check(error.exit_status == 3, 'exit code raises')

volume = client.volumes.create('py-volume', labels={'a': 'b'})
check(client.volumes.get('py-volume').attrs['Labels'] == {'a': 'b'}, 'volume labels')
network = client.networks.create('py-net', driver='bridge')
container = client.containers.run(
    'busybox', ['sh', '-c', 'echo started; exec sleep 1000'], name='py-main', detach=True, network='py-net',
    volumes={'py-volume': {'bind': '/d', 'mode': 'rw'}}, environment={'A': '1'}, labels={'x': 'y'},
    mem_limit='64m', restart_policy={'Name': 'on-failure', 'MaximumRetryCount': 2})
container.reload()
check(container.status == 'running', 'status')
check(container.attrs['HostConfig']['Memory'] == 64 << 20, 'memory limit')
code, output = container.exec_run(['sh', '-c', 'echo $A; echo kept > /d/f; exit 4'])
check((code, output) == (4, b'1\n'), 'exec')
_, (out, err) = container.exec_run(['sh', '-c', 'echo o; echo e >&2'], demux=True)
check((out, err) == (b'o\n', b'e\n'), 'exec with streams apart')
check(soon(lambda: container.logs() == b'started\n'), 'logs')
check(next(container.logs(stream=True, follow=True)).startswith(b'started'), 'logs that follow')
check(container.top()['Processes'], 'top')
check(container.stats(stream=False)['memory_stats']['usage'] > 0, 'stats')
container.pause()
container.reload()
check(container.status == 'paused', 'pause')
container.unpause()
data = io.BytesIO()
with tarfile.open(fileobj=data, mode='w') as tar:
    entry = tarfile.TarInfo('put.txt')
    entry.size = 3
    tar.addfile(entry, io.BytesIO(b'put'))
check(container.put_archive('/tmp', data.getvalue()), 'put_archive')
bits, stat = container.get_archive('/tmp/put.txt')
check(stat['size'] == 3 and b'put' in b''.join(bits), 'get_archive')
check({'Path': '/tmp', 'Kind': 0} in container.diff(), 'diff')
container.rename('py-renamed')
check(client.containers.get('py-renamed').id == container.id, 'rename')
committed = container.commit('py-image', 'committed')
check(client.containers.run(committed.id, ['cat', '/tmp/put.txt'], remove=True) == b'put', 'commit')
other = client.containers.run('busybox', ['ping', '-c', '1', '-W', '2', 'py-renamed'], network='py-net', remove=True)
check(b'1 packets received' in other, 'names on a network')
network.disconnect(container)
network.connect(container, aliases=['again'])
network.reload()
check(len(network.containers) == 1, 'connect and disconnect')
container.stop(timeout=1)
check(container.wait()['StatusCode'] in (137, 143), 'wait after stop')
container.start()
container.restart(timeout=1)
container.kill()
check(container.wait()['StatusCode'] == 137, 'kill')
check(len(client.containers.list(all=True, filters={'label': 'x=y'})) == 1, 'list with a filter')
container.remove(v=True, force=True)
network.remove()
volume.remove()

built, log = client.images.build(
    fileobj=io.BytesIO(b'FROM busybox\nARG V=0\nRUN echo built $V > /built\nCMD ["cat", "/built"]\n'),
    tag='py-built', buildargs={'V': '7'}, rm=True)
check(any('Step 1/4' in line.get('stream', '') for line in log), 'build output')
check(client.containers.run('py-built', remove=True) == b'built 7\n', 'what was built runs')
try:
    client.images.build(fileobj=io.BytesIO(b'FROM busybox\nRUN false\n'), rm=True)
    check(False, 'a failing build raises')
except docker.errors.BuildError as error:
    check('returned a non-zero code: 1' in str(error), 'a failing build raises')
client.images.remove('py-built')
client.images.remove(committed.id, force=True)
try:
    client.containers.get('nosuch')
    check(False, 'missing container')
except docker.errors.NotFound as error:
    check('No such container: nosuch' in str(error), 'missing container')

stream.close()
for wanted in (('container', 'start'), ('container', 'die'), ('network', 'connect'), ('volume', 'mount'), ('container', 'destroy')):
    check(soon(lambda: wanted in seen), 'event %s %s' % wanted)
check(client.api.prune_builds()['SpaceReclaimed'] >= 0, 'prune builds')
print('whole life')
