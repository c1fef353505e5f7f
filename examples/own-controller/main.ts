/** The controller as a program: KUBECONFIG=… node examples/own-controller/main.ts */
import { connectCluster } from '../../src/index.ts'
import { startWebsiteController } from './website-controller.ts'

await using cluster = await connectCluster()
await using _ = startWebsiteController(cluster)
await new Promise((resolve) => process.once('SIGTERM', resolve).once('SIGINT', resolve))
