"""Debian's python3-kubernetes against a control plane: one life of an application. Stops at the first difference."""
from kubernetes import client, config, watch
from kubernetes.client.rest import ApiException

config.load_kube_config()
core, apps, batch = client.CoreV1Api(), client.AppsV1Api(), client.BatchV1Api()


def until(holds, what, timeout_seconds=240):
    """Watches nothing, asks again: the shortest way to wait for a state."""
    import time

    for _ in range(timeout_seconds * 10):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError(f"not in time: {what}")


assert client.VersionApi().get_code().major == "1"
assert {node.metadata.name for node in core.list_node().items} == {"sim-0", "sim-1"}
core.create_namespace({"metadata": {"name": "py"}})

labels = {"app": "py"}
template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
deployment = {"metadata": {"name": "py"}, "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}}
apps.create_namespaced_deployment("py", deployment)
until(lambda: apps.read_namespaced_deployment_status("py", "py").status.ready_replicas == 2, "two ready replicas")
apps.patch_namespaced_deployment_scale("py", "py", {"spec": {"replicas": 3}})
until(lambda: apps.read_namespaced_deployment("py", "py").status.ready_replicas == 3, "three ready replicas")

version = core.list_namespaced_pod("py").metadata.resource_version
core.delete_collection_namespaced_pod("py", label_selector="app=py")
kinds = set()
for event in watch.Watch().stream(core.list_namespaced_pod, "py", resource_version=version, timeout_seconds=30):
    kinds.add(event["type"])
    if kinds >= {"ADDED", "MODIFIED", "DELETED"}:
        break
assert kinds >= {"ADDED", "MODIFIED", "DELETED"}, kinds

batch.create_namespaced_job("py", {"metadata": {"name": "once"}, "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}}})
until(lambda: batch.read_namespaced_job("once", "py").metadata is not None, "the job")

try:
    core.create_namespaced_config_map("py", {"metadata": {"name": "Not Valid"}})
    raise SystemExit("an invalid name was taken")
except ApiException as error:
    assert error.status == 422, error

core.delete_namespace("py")


def is_gone():
    return all(one.metadata.name != "py" for one in core.list_namespace().items)


until(is_gone, "the namespace is gone")
print("whole life")
