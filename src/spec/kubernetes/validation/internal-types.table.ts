/**
 * How the API server's internal types look when a message prints a whole value: member by member the Go name, the JSON
 * name in the API and what stands there. Codes: s text, n number, b truth, q amount, - null or the value as it is,
 * L the versioned JSON, S struct, * struct or null, [ list of structs, { map of structs, + struct inlined, M metadata
 * inlined, T type inlined; ^ before a JSON name takes it from the parent object. Kubernetes v1.36.3.
 */
export const internalTypes: Readonly<Record<string, string>> = {
  'admissionregistration.ParamKind': 'APIVersion apiVersion s|Kind kind s',
  'admissionregistration.ParamRef':
    'Name name s|Namespace namespace s|Selector selector -|ParameterNotFoundAction parameterNotFoundAction -',
  'admissionregistration.Rule': 'APIGroups apiGroups -|APIVersions apiVersions -|Resources resources -|Scope scope -',
  'admissionregistration.RuleWithOperations': 'Operations operations -|+admissionregistration.Rule',
  'admissionregistration.ServiceReference': 'Namespace namespace s|Name name s|Path path -|Port port n',
  'admissionregistration.WebhookClientConfig':
    'URL url -|Service service *admissionregistration.ServiceReference|CABundle caBundle -',
  'apiextensions.CustomResourceColumnDefinition':
    'Name name s|Type type s|Format format s|Description description s|Priority priority n|JSONPath jsonPath s',
  'apiextensions.CustomResourceConversion':
    'Strategy strategy s|WebhookClientConfig webhookClientConfig *apiextensions.WebhookClientConfig|ConversionReviewVersions conversionReviewVersions -',
  'apiextensions.CustomResourceDefinitionNames':
    'Plural plural s|Singular singular s|ShortNames shortNames -|Kind kind s|ListKind listKind s|Categories categories -',
  'apiextensions.CustomResourceDefinitionVersion':
    'Name name s|Served served b|Storage storage b|Deprecated deprecated b|DeprecationWarning deprecationWarning -|Schema schema *apiextensions.CustomResourceValidation|Subresources subresources *apiextensions.CustomResourceSubresources|AdditionalPrinterColumns additionalPrinterColumns [apiextensions.CustomResourceColumnDefinition|SelectableFields selectableFields [apiextensions.SelectableField',
  'apiextensions.CustomResourceSubresourceScale':
    'SpecReplicasPath specReplicasPath s|StatusReplicasPath statusReplicasPath s|LabelSelectorPath labelSelectorPath -',
  'apiextensions.CustomResourceSubresources':
    'Status status -|Scale scale *apiextensions.CustomResourceSubresourceScale',
  'apiextensions.CustomResourceValidation': 'OpenAPIV3Schema openAPIV3Schema *apiextensions.JSONSchemaProps',
  'apiextensions.ExternalDocumentation': 'Description description s|URL url s',
  'apiextensions.JSONSchemaProps':
    'ID id s|Schema $schema s|Ref $ref -|Description description s|Type type s|Nullable nullable b|Format format s|Title title s|Default default -|Maximum maximum -|ExclusiveMaximum exclusiveMaximum b|Minimum minimum -|ExclusiveMinimum exclusiveMinimum b|MaxLength maxLength -|MinLength minLength -|Pattern pattern s|MaxItems maxItems -|MinItems minItems -|UniqueItems uniqueItems b|MultipleOf multipleOf -|Enum enum -|MaxProperties maxProperties -|MinProperties minProperties -|Required required -|Items items *apiextensions.JSONSchemaPropsOrArray|AllOf allOf [apiextensions.JSONSchemaProps|OneOf oneOf [apiextensions.JSONSchemaProps|AnyOf anyOf [apiextensions.JSONSchemaProps|Not not *apiextensions.JSONSchemaProps|Properties properties {apiextensions.JSONSchemaProps|AdditionalProperties additionalProperties *apiextensions.JSONSchemaPropsOrBool|PatternProperties patternProperties {apiextensions.JSONSchemaProps|Dependencies dependencies {apiextensions.JSONSchemaPropsOrStringArray|AdditionalItems additionalItems *apiextensions.JSONSchemaPropsOrBool|Definitions definitions {apiextensions.JSONSchemaProps|ExternalDocs externalDocs *apiextensions.ExternalDocumentation|Example example -|XPreserveUnknownFields x-kubernetes-preserve-unknown-fields -|XEmbeddedResource x-kubernetes-embedded-resource b|XIntOrString x-kubernetes-int-or-string b|XListMapKeys x-kubernetes-list-map-keys -|XListType x-kubernetes-list-type -|XMapType x-kubernetes-map-type -|XValidations x-kubernetes-validations [apiextensions.ValidationRule',
  'apiextensions.JSONSchemaPropsOrArray':
    'Schema Schema *apiextensions.JSONSchemaProps|JSONSchemas JSONSchemas [apiextensions.JSONSchemaProps',
  'apiextensions.JSONSchemaPropsOrBool': 'Allows Allows b|Schema Schema *apiextensions.JSONSchemaProps',
  'apiextensions.JSONSchemaPropsOrStringArray': 'Schema Schema *apiextensions.JSONSchemaProps|Property Property -',
  'apiextensions.SelectableField': 'JSONPath jsonPath s',
  'apiextensions.ServiceReference': 'Namespace namespace s|Name name s|Path path -|Port port n',
  'apiextensions.ValidationRule':
    'Rule rule s|Message message s|MessageExpression messageExpression s|Reason reason -|FieldPath fieldPath s|OptionalOldSelf optionalOldSelf -',
  'apiextensions.WebhookClientConfig': 'URL url -|Service service *apiextensions.ServiceReference|CABundle caBundle -',
  'apiregistration.APIServiceSpec':
    'Service service *apiregistration.ServiceReference|Group group s|Version version s|InsecureSkipTLSVerify insecureSkipTLSVerify b|CABundle caBundle -|GroupPriorityMinimum groupPriorityMinimum n|VersionPriority versionPriority n',
  'apiregistration.ServiceReference': 'Namespace namespace s|Name name s|Port port n',
  'apps.DaemonSetUpdateStrategy': 'Type type s|RollingUpdate rollingUpdate *apps.RollingUpdateDaemonSet',
  'apps.DeploymentStrategy': 'Type type s|RollingUpdate rollingUpdate *apps.RollingUpdateDeployment',
  'apps.RollingUpdateDaemonSet': 'MaxUnavailable maxUnavailable n|MaxSurge maxSurge n',
  'apps.RollingUpdateDeployment': 'MaxUnavailable maxUnavailable n|MaxSurge maxSurge n',
  'apps.RollingUpdateStatefulSetStrategy': 'Partition partition n|MaxUnavailable maxUnavailable -',
  'apps.StatefulSetUpdateStrategy': 'Type type s|RollingUpdate rollingUpdate *apps.RollingUpdateStatefulSetStrategy',
  'authorization.FieldSelectorAttributes': 'RawSelector rawSelector s|Requirements requirements -',
  'authorization.LabelSelectorAttributes': 'RawSelector rawSelector s|Requirements requirements -',
  'authorization.NonResourceAttributes': 'Path path s|Verb verb s',
  'authorization.ResourceAttributes':
    'Namespace namespace s|Verb verb s|Group group s|Version version s|Resource resource s|Subresource subresource s|Name name s|FieldSelector fieldSelector *authorization.FieldSelectorAttributes|LabelSelector labelSelector *authorization.LabelSelectorAttributes',
  'authorization.SubjectAccessReviewSpec':
    'ResourceAttributes resourceAttributes *authorization.ResourceAttributes|NonResourceAttributes nonResourceAttributes *authorization.NonResourceAttributes|User user s|Groups groups -|Extra extra -|UID uid s',
  'autoscaling.ContainerResourceMetricSource':
    'Name name s|Container container s|Target target Sautoscaling.MetricTarget',
  'autoscaling.CrossVersionObjectReference': 'Kind kind s|Name name s|APIVersion apiVersion s',
  'autoscaling.ExternalMetricSource':
    'Metric metric Sautoscaling.MetricIdentifier|Target target Sautoscaling.MetricTarget',
  'autoscaling.HPAScalingPolicy': 'Type type s|Value value n|PeriodSeconds periodSeconds n',
  'autoscaling.HPAScalingRules':
    'StabilizationWindowSeconds stabilizationWindowSeconds -|SelectPolicy selectPolicy -|Policies policies [autoscaling.HPAScalingPolicy|Tolerance tolerance -',
  'autoscaling.HorizontalPodAutoscalerBehavior':
    'ScaleUp scaleUp *autoscaling.HPAScalingRules|ScaleDown scaleDown *autoscaling.HPAScalingRules',
  'autoscaling.HorizontalPodAutoscalerSpec':
    'ScaleTargetRef scaleTargetRef Sautoscaling.CrossVersionObjectReference|MinReplicas minReplicas -|MaxReplicas maxReplicas n|Metrics metrics [autoscaling.MetricSpec|Behavior behavior *autoscaling.HorizontalPodAutoscalerBehavior',
  'autoscaling.MetricIdentifier': 'Name name s|Selector selector -',
  'autoscaling.MetricSpec':
    'Type type s|Object object *autoscaling.ObjectMetricSource|Pods pods *autoscaling.PodsMetricSource|Resource resource *autoscaling.ResourceMetricSource|ContainerResource containerResource *autoscaling.ContainerResourceMetricSource|External external *autoscaling.ExternalMetricSource',
  'autoscaling.MetricTarget':
    'Type type s|Value value -|AverageValue averageValue -|AverageUtilization averageUtilization -',
  'autoscaling.ObjectMetricSource':
    'DescribedObject describedObject Sautoscaling.CrossVersionObjectReference|Target target Sautoscaling.MetricTarget|Metric metric Sautoscaling.MetricIdentifier',
  'autoscaling.PodsMetricSource': 'Metric metric Sautoscaling.MetricIdentifier|Target target Sautoscaling.MetricTarget',
  'autoscaling.ResourceMetricSource': 'Name name s|Target target Sautoscaling.MetricTarget',
  'batch.JobSpec':
    'Parallelism parallelism -|Completions completions -|PodFailurePolicy podFailurePolicy *batch.PodFailurePolicy|SuccessPolicy successPolicy *batch.SuccessPolicy|ActiveDeadlineSeconds activeDeadlineSeconds -|BackoffLimit backoffLimit -|BackoffLimitPerIndex backoffLimitPerIndex -|MaxFailedIndexes maxFailedIndexes -|Selector selector -|ManualSelector manualSelector -|Template template Score.PodTemplateSpec|TTLSecondsAfterFinished ttlSecondsAfterFinished -|CompletionMode completionMode -|Suspend suspend -|PodReplacementPolicy podReplacementPolicy -|ManagedBy managedBy -',
  'batch.PodFailurePolicy': 'Rules rules [batch.PodFailurePolicyRule',
  'batch.PodFailurePolicyOnExitCodesRequirement': 'ContainerName containerName -|Operator operator s|Values values -',
  'batch.PodFailurePolicyOnPodConditionsPattern': 'Type type s|Status status s',
  'batch.PodFailurePolicyRule':
    'Action action s|OnExitCodes onExitCodes *batch.PodFailurePolicyOnExitCodesRequirement|OnPodConditions onPodConditions [batch.PodFailurePolicyOnPodConditionsPattern',
  'batch.SuccessPolicy': 'Rules rules [batch.SuccessPolicyRule',
  'batch.SuccessPolicyRule': 'SucceededIndexes succeededIndexes -|SucceededCount succeededCount -',
  'certificates.CertificateSigningRequestCondition':
    'Type type s|Status status s|Reason reason s|Message message s|LastUpdateTime lastUpdateTime -|LastTransitionTime lastTransitionTime -',
  'certificates.CertificateSigningRequestSpec':
    'Request request -|SignerName signerName s|ExpirationSeconds expirationSeconds -|Usages usages -|Username username s|UID uid s|Groups groups -|Extra extra -',
  'core.AWSElasticBlockStoreVolumeSource':
    'VolumeID volumeID s|FSType fsType s|Partition partition n|ReadOnly readOnly b',
  'core.Affinity':
    'NodeAffinity nodeAffinity *core.NodeAffinity|PodAffinity podAffinity *core.PodAffinity|PodAntiAffinity podAntiAffinity *core.PodAntiAffinity',
  'core.AppArmorProfile': 'Type type s|LocalhostProfile localhostProfile -',
  'core.AzureDiskVolumeSource':
    'DiskName diskName s|DataDiskURI diskURI s|CachingMode cachingMode -|FSType fsType -|ReadOnly readOnly -|Kind kind -',
  'core.AzureFilePersistentVolumeSource':
    'SecretName secretName s|ShareName shareName s|ReadOnly readOnly b|SecretNamespace secretNamespace -',
  'core.AzureFileVolumeSource': 'SecretName secretName s|ShareName shareName s|ReadOnly readOnly b',
  'core.CSIPersistentVolumeSource':
    'Driver driver s|VolumeHandle volumeHandle s|ReadOnly readOnly b|FSType fsType s|VolumeAttributes volumeAttributes -|ControllerPublishSecretRef controllerPublishSecretRef *core.SecretReference|NodeStageSecretRef nodeStageSecretRef *core.SecretReference|NodePublishSecretRef nodePublishSecretRef *core.SecretReference|ControllerExpandSecretRef controllerExpandSecretRef *core.SecretReference|NodeExpandSecretRef nodeExpandSecretRef *core.SecretReference',
  'core.CSIVolumeSource':
    'Driver driver s|ReadOnly readOnly -|FSType fsType -|VolumeAttributes volumeAttributes -|NodePublishSecretRef nodePublishSecretRef *core.LocalObjectReference',
  'core.Capabilities': 'Add add -|Drop drop -',
  'core.CephFSPersistentVolumeSource':
    'Monitors monitors -|Path path s|User user s|SecretFile secretFile s|SecretRef secretRef *core.SecretReference|ReadOnly readOnly b',
  'core.CephFSVolumeSource':
    'Monitors monitors -|Path path s|User user s|SecretFile secretFile s|SecretRef secretRef *core.LocalObjectReference|ReadOnly readOnly b',
  'core.CinderPersistentVolumeSource':
    'VolumeID volumeID s|FSType fsType s|ReadOnly readOnly b|SecretRef secretRef *core.SecretReference',
  'core.CinderVolumeSource':
    'VolumeID volumeID s|FSType fsType s|ReadOnly readOnly b|SecretRef secretRef *core.LocalObjectReference',
  'core.ClusterTrustBundleProjection':
    'Name name -|SignerName signerName -|LabelSelector labelSelector -|Optional optional -|Path path s',
  'core.ConfigMapEnvSource': '+core.LocalObjectReference|Optional optional -',
  'core.ConfigMapKeySelector': '+core.LocalObjectReference|Key key s|Optional optional -',
  'core.ConfigMapNodeConfigSource':
    'Namespace namespace s|Name name s|UID uid s|ResourceVersion resourceVersion s|KubeletConfigKey kubeletConfigKey s',
  'core.ConfigMapProjection': '+core.LocalObjectReference|Items items [core.KeyToPath|Optional optional -',
  'core.ConfigMapVolumeSource':
    '+core.LocalObjectReference|Items items [core.KeyToPath|DefaultMode defaultMode -|Optional optional -',
  'core.Container':
    'Name name s|Image image s|Command command -|Args args -|WorkingDir workingDir s|Ports ports [core.ContainerPort|EnvFrom envFrom [core.EnvFromSource|Env env [core.EnvVar|Resources resources Score.ResourceRequirements|ResizePolicy resizePolicy [core.ContainerResizePolicy|RestartPolicy restartPolicy -|RestartPolicyRules restartPolicyRules [core.ContainerRestartRule|VolumeMounts volumeMounts [core.VolumeMount|VolumeDevices volumeDevices [core.VolumeDevice|LivenessProbe livenessProbe *core.Probe|ReadinessProbe readinessProbe *core.Probe|StartupProbe startupProbe *core.Probe|Lifecycle lifecycle *core.Lifecycle|TerminationMessagePath terminationMessagePath s|TerminationMessagePolicy terminationMessagePolicy s|ImagePullPolicy imagePullPolicy s|SecurityContext securityContext *core.SecurityContext|Stdin stdin b|StdinOnce stdinOnce b|TTY tty b',
  'core.ContainerPort':
    'Name name s|HostPort hostPort n|ContainerPort containerPort n|Protocol protocol s|HostIP hostIP s',
  'core.ContainerResizePolicy': 'ResourceName resourceName s|RestartPolicy restartPolicy s',
  'core.ContainerRestartRule': 'Action action s|ExitCodes exitCodes *core.ContainerRestartRuleOnExitCodes',
  'core.ContainerRestartRuleOnExitCodes': 'Operator operator s|Values values -',
  'core.DownwardAPIProjection': 'Items items [core.DownwardAPIVolumeFile',
  'core.DownwardAPIVolumeFile':
    'Path path s|FieldRef fieldRef *core.ObjectFieldSelector|ResourceFieldRef resourceFieldRef *core.ResourceFieldSelector|Mode mode -',
  'core.DownwardAPIVolumeSource': 'Items items [core.DownwardAPIVolumeFile|DefaultMode defaultMode -',
  'core.EmptyDirVolumeSource': 'Medium medium s|SizeLimit sizeLimit -',
  'core.EnvFromSource':
    'Prefix prefix s|ConfigMapRef configMapRef *core.ConfigMapEnvSource|SecretRef secretRef *core.SecretEnvSource',
  'core.EnvVar': 'Name name s|Value value s|ValueFrom valueFrom *core.EnvVarSource',
  'core.EnvVarSource':
    'FieldRef fieldRef *core.ObjectFieldSelector|ResourceFieldRef resourceFieldRef *core.ResourceFieldSelector|ConfigMapKeyRef configMapKeyRef *core.ConfigMapKeySelector|SecretKeyRef secretKeyRef *core.SecretKeySelector|FileKeyRef fileKeyRef *core.FileKeySelector',
  'core.EphemeralContainer': '+core.EphemeralContainerCommon|TargetContainerName targetContainerName s',
  'core.EphemeralContainerCommon':
    'Name name s|Image image s|Command command -|Args args -|WorkingDir workingDir s|Ports ports [core.ContainerPort|EnvFrom envFrom [core.EnvFromSource|Env env [core.EnvVar|Resources resources Score.ResourceRequirements|ResizePolicy resizePolicy [core.ContainerResizePolicy|RestartPolicy restartPolicy -|RestartPolicyRules restartPolicyRules [core.ContainerRestartRule|VolumeMounts volumeMounts [core.VolumeMount|VolumeDevices volumeDevices [core.VolumeDevice|LivenessProbe livenessProbe *core.Probe|ReadinessProbe readinessProbe *core.Probe|StartupProbe startupProbe *core.Probe|Lifecycle lifecycle *core.Lifecycle|TerminationMessagePath terminationMessagePath s|TerminationMessagePolicy terminationMessagePolicy s|ImagePullPolicy imagePullPolicy s|SecurityContext securityContext *core.SecurityContext|Stdin stdin b|StdinOnce stdinOnce b|TTY tty b',
  'core.EphemeralVolumeSource': 'VolumeClaimTemplate volumeClaimTemplate *core.PersistentVolumeClaimTemplate',
  'core.EventSeries': 'Count count n|LastObservedTime lastObservedTime -',
  'core.EventSource': 'Component component s|Host host s',
  'core.ExecAction': 'Command command -',
  'core.FCVolumeSource': 'TargetWWNs targetWWNs -|Lun lun -|FSType fsType s|ReadOnly readOnly b|WWIDs wwids -',
  'core.FileKeySelector': 'VolumeName volumeName s|Path path s|Key key s|Optional optional -',
  'core.FlexPersistentVolumeSource':
    'Driver driver s|FSType fsType s|SecretRef secretRef *core.SecretReference|ReadOnly readOnly b|Options options -',
  'core.FlexVolumeSource':
    'Driver driver s|FSType fsType s|SecretRef secretRef *core.LocalObjectReference|ReadOnly readOnly b|Options options -',
  'core.FlockerVolumeSource': 'DatasetName datasetName s|DatasetUUID datasetUUID s',
  'core.GCEPersistentDiskVolumeSource': 'PDName pdName s|FSType fsType s|Partition partition n|ReadOnly readOnly b',
  'core.GRPCAction': 'Port port n|Service service -',
  'core.GitRepoVolumeSource': 'Repository repository s|Revision revision s|Directory directory s',
  'core.GlusterfsPersistentVolumeSource':
    'EndpointsName endpoints s|Path path s|ReadOnly readOnly b|EndpointsNamespace endpointsNamespace -',
  'core.GlusterfsVolumeSource': 'EndpointsName endpoints s|Path path s|ReadOnly readOnly b',
  'core.HTTPGetAction': 'Path path s|Port port n|Host host s|Scheme scheme s|HTTPHeaders httpHeaders [core.HTTPHeader',
  'core.HTTPHeader': 'Name name s|Value value s',
  'core.HostAlias': 'IP ip s|Hostnames hostnames -',
  'core.HostIP': 'IP ip s',
  'core.HostPathVolumeSource': 'Path path s|Type type -',
  'core.ISCSIPersistentVolumeSource':
    'TargetPortal targetPortal s|IQN iqn s|Lun lun n|ISCSIInterface iscsiInterface s|FSType fsType s|ReadOnly readOnly b|Portals portals -|DiscoveryCHAPAuth chapAuthDiscovery b|SessionCHAPAuth chapAuthSession b|SecretRef secretRef *core.SecretReference|InitiatorName initiatorName -',
  'core.ISCSIVolumeSource':
    'TargetPortal targetPortal s|IQN iqn s|Lun lun n|ISCSIInterface iscsiInterface s|FSType fsType s|ReadOnly readOnly b|Portals portals -|DiscoveryCHAPAuth chapAuthDiscovery b|SessionCHAPAuth chapAuthSession b|SecretRef secretRef *core.LocalObjectReference|InitiatorName initiatorName -',
  'core.ImageVolumeSource': 'Reference reference s|PullPolicy pullPolicy s',
  'core.KeyToPath': 'Key key s|Path path s|Mode mode -',
  'core.Lifecycle':
    'PostStart postStart *core.LifecycleHandler|PreStop preStop *core.LifecycleHandler|StopSignal stopSignal -',
  'core.LifecycleHandler':
    'Exec exec *core.ExecAction|HTTPGet httpGet *core.HTTPGetAction|TCPSocket tcpSocket *core.TCPSocketAction|Sleep sleep *core.SleepAction',
  'core.LocalObjectReference': 'Name name s',
  'core.LocalVolumeSource': 'Path path s|FSType fsType -',
  'core.NFSVolumeSource': 'Server server s|Path path s|ReadOnly readOnly b',
  'core.NodeAddress': 'Type type s|Address address s',
  'core.NodeAffinity':
    'RequiredDuringSchedulingIgnoredDuringExecution requiredDuringSchedulingIgnoredDuringExecution *core.NodeSelector|PreferredDuringSchedulingIgnoredDuringExecution preferredDuringSchedulingIgnoredDuringExecution [core.PreferredSchedulingTerm',
  'core.NodeConfigSource': 'ConfigMap configMap *core.ConfigMapNodeConfigSource',
  'core.NodeSelector': 'NodeSelectorTerms nodeSelectorTerms [core.NodeSelectorTerm',
  'core.NodeSelectorRequirement': 'Key key s|Operator operator s|Values values -',
  'core.NodeSelectorTerm':
    'MatchExpressions matchExpressions [core.NodeSelectorRequirement|MatchFields matchFields [core.NodeSelectorRequirement',
  'core.ObjectFieldSelector': 'APIVersion apiVersion s|FieldPath fieldPath s',
  'core.ObjectReference':
    'Kind kind s|Namespace namespace s|Name name s|UID uid s|APIVersion apiVersion s|ResourceVersion resourceVersion s|FieldPath fieldPath s',
  'core.PersistentVolumeClaimSpec':
    'AccessModes accessModes -|Selector selector -|Resources resources Score.VolumeResourceRequirements|VolumeName volumeName s|StorageClassName storageClassName -|VolumeMode volumeMode -|DataSource dataSource *core.TypedLocalObjectReference|DataSourceRef dataSourceRef *core.TypedObjectReference|VolumeAttributesClassName volumeAttributesClassName -',
  'core.PersistentVolumeClaimTemplate': 'M|Spec spec Score.PersistentVolumeClaimSpec',
  'core.PersistentVolumeClaimVolumeSource': 'ClaimName claimName s|ReadOnly readOnly b',
  'core.PersistentVolumeSource':
    'GCEPersistentDisk gcePersistentDisk *core.GCEPersistentDiskVolumeSource|AWSElasticBlockStore awsElasticBlockStore *core.AWSElasticBlockStoreVolumeSource|HostPath hostPath *core.HostPathVolumeSource|Glusterfs glusterfs *core.GlusterfsPersistentVolumeSource|NFS nfs *core.NFSVolumeSource|RBD rbd *core.RBDPersistentVolumeSource|Quobyte quobyte *core.QuobyteVolumeSource|ISCSI iscsi *core.ISCSIPersistentVolumeSource|FlexVolume flexVolume *core.FlexPersistentVolumeSource|Cinder cinder *core.CinderPersistentVolumeSource|CephFS cephfs *core.CephFSPersistentVolumeSource|FC fc *core.FCVolumeSource|Flocker flocker *core.FlockerVolumeSource|AzureFile azureFile *core.AzureFilePersistentVolumeSource|VsphereVolume vsphereVolume *core.VsphereVirtualDiskVolumeSource|AzureDisk azureDisk *core.AzureDiskVolumeSource|PhotonPersistentDisk photonPersistentDisk *core.PhotonPersistentDiskVolumeSource|PortworxVolume portworxVolume *core.PortworxVolumeSource|ScaleIO scaleIO *core.ScaleIOPersistentVolumeSource|Local local *core.LocalVolumeSource|StorageOS storageos *core.StorageOSPersistentVolumeSource|CSI csi *core.CSIPersistentVolumeSource',
  'core.PersistentVolumeSpec':
    'Capacity capacity -|+core.PersistentVolumeSource|AccessModes accessModes -|ClaimRef claimRef *core.ObjectReference|PersistentVolumeReclaimPolicy persistentVolumeReclaimPolicy s|StorageClassName storageClassName s|MountOptions mountOptions -|VolumeMode volumeMode -|NodeAffinity nodeAffinity *core.VolumeNodeAffinity|VolumeAttributesClassName volumeAttributesClassName -',
  'core.PhotonPersistentDiskVolumeSource': 'PdID pdID s|FSType fsType s',
  'core.PodAffinity':
    'RequiredDuringSchedulingIgnoredDuringExecution requiredDuringSchedulingIgnoredDuringExecution [core.PodAffinityTerm|PreferredDuringSchedulingIgnoredDuringExecution preferredDuringSchedulingIgnoredDuringExecution [core.WeightedPodAffinityTerm',
  'core.PodAffinityTerm':
    'LabelSelector labelSelector -|Namespaces namespaces -|TopologyKey topologyKey s|NamespaceSelector namespaceSelector -|MatchLabelKeys matchLabelKeys -|MismatchLabelKeys mismatchLabelKeys -',
  'core.PodAntiAffinity':
    'RequiredDuringSchedulingIgnoredDuringExecution requiredDuringSchedulingIgnoredDuringExecution [core.PodAffinityTerm|PreferredDuringSchedulingIgnoredDuringExecution preferredDuringSchedulingIgnoredDuringExecution [core.WeightedPodAffinityTerm',
  'core.PodCertificateProjection':
    'SignerName signerName s|KeyType keyType s|MaxExpirationSeconds maxExpirationSeconds -|CredentialBundlePath credentialBundlePath s|KeyPath keyPath s|CertificateChainPath certificateChainPath s|UserAnnotations userAnnotations -',
  'core.PodDNSConfig': 'Nameservers nameservers -|Searches searches -|Options options [core.PodDNSConfigOption',
  'core.PodDNSConfigOption': 'Name name s|Value value -',
  'core.PodIP': 'IP ip s',
  'core.PodOS': 'Name name s',
  'core.PodReadinessGate': 'ConditionType conditionType s',
  'core.PodResourceClaim':
    'Name name s|ResourceClaimName resourceClaimName -|ResourceClaimTemplateName resourceClaimTemplateName -',
  'core.PodSchedulingGate': 'Name name s',
  'core.PodSchedulingGroup': 'PodGroupName podGroupName -',
  'core.PodSecurityContext':
    'HostNetwork ^hostNetwork b|HostPID ^hostPID b|HostIPC ^hostIPC b|ShareProcessNamespace ^shareProcessNamespace -|HostUsers ^hostUsers -|SELinuxOptions seLinuxOptions *core.SELinuxOptions|WindowsOptions windowsOptions *core.WindowsSecurityContextOptions|RunAsUser runAsUser -|RunAsGroup runAsGroup -|RunAsNonRoot runAsNonRoot -|SupplementalGroups supplementalGroups -|SupplementalGroupsPolicy supplementalGroupsPolicy -|FSGroup fsGroup -|FSGroupChangePolicy fsGroupChangePolicy -|Sysctls sysctls [core.Sysctl|SeccompProfile seccompProfile *core.SeccompProfile|AppArmorProfile appArmorProfile *core.AppArmorProfile|SELinuxChangePolicy seLinuxChangePolicy -',
  'core.PodSpec':
    'Volumes volumes [core.Volume|InitContainers initContainers [core.Container|Containers containers [core.Container|EphemeralContainers ephemeralContainers [core.EphemeralContainer|RestartPolicy restartPolicy s|TerminationGracePeriodSeconds terminationGracePeriodSeconds -|ActiveDeadlineSeconds activeDeadlineSeconds -|DNSPolicy dnsPolicy s|NodeSelector nodeSelector -|ServiceAccountName serviceAccountName s|AutomountServiceAccountToken automountServiceAccountToken -|NodeName nodeName s|SecurityContext securityContext *core.PodSecurityContext|ImagePullSecrets imagePullSecrets [core.LocalObjectReference|Hostname hostname s|Subdomain subdomain s|SetHostnameAsFQDN setHostnameAsFQDN -|Affinity affinity *core.Affinity|SchedulerName schedulerName s|Tolerations tolerations [core.Toleration|HostAliases hostAliases [core.HostAlias|PriorityClassName priorityClassName s|Priority priority -|PreemptionPolicy preemptionPolicy -|DNSConfig dnsConfig *core.PodDNSConfig|ReadinessGates readinessGates [core.PodReadinessGate|RuntimeClassName runtimeClassName -|Overhead overhead -|EnableServiceLinks enableServiceLinks -|TopologySpreadConstraints topologySpreadConstraints [core.TopologySpreadConstraint|OS os *core.PodOS|SchedulingGates schedulingGates [core.PodSchedulingGate|ResourceClaims resourceClaims [core.PodResourceClaim|Resources resources *core.ResourceRequirements|HostnameOverride hostnameOverride -|SchedulingGroup schedulingGroup *core.PodSchedulingGroup',
  'core.PodTemplateSpec': 'M|Spec spec Score.PodSpec',
  'core.PortworxVolumeSource': 'VolumeID volumeID s|FSType fsType s|ReadOnly readOnly b',
  'core.PreferredSchedulingTerm': 'Weight weight n|Preference preference Score.NodeSelectorTerm',
  'core.Probe':
    '+core.ProbeHandler|InitialDelaySeconds initialDelaySeconds n|TimeoutSeconds timeoutSeconds n|PeriodSeconds periodSeconds n|SuccessThreshold successThreshold n|FailureThreshold failureThreshold n|TerminationGracePeriodSeconds terminationGracePeriodSeconds -',
  'core.ProbeHandler':
    'Exec exec *core.ExecAction|HTTPGet httpGet *core.HTTPGetAction|TCPSocket tcpSocket *core.TCPSocketAction|GRPC grpc *core.GRPCAction',
  'core.ProjectedVolumeSource': 'Sources sources [core.VolumeProjection|DefaultMode defaultMode -',
  'core.QuobyteVolumeSource':
    'Registry registry s|Volume volume s|ReadOnly readOnly b|User user s|Group group s|Tenant tenant s',
  'core.RBDPersistentVolumeSource':
    'CephMonitors monitors -|RBDImage image s|FSType fsType s|RBDPool pool s|RadosUser user s|Keyring keyring s|SecretRef secretRef *core.SecretReference|ReadOnly readOnly b',
  'core.RBDVolumeSource':
    'CephMonitors monitors -|RBDImage image s|FSType fsType s|RBDPool pool s|RadosUser user s|Keyring keyring s|SecretRef secretRef *core.LocalObjectReference|ReadOnly readOnly b',
  'core.ResourceClaim': 'Name name s|Request request s',
  'core.ResourceFieldSelector': 'ContainerName containerName s|Resource resource s|Divisor divisor q',
  'core.ResourceQuotaSpec': 'Hard hard -|Scopes scopes -|ScopeSelector scopeSelector *core.ScopeSelector',
  'core.ResourceRequirements': 'Limits limits -|Requests requests -|Claims claims [core.ResourceClaim',
  'core.SELinuxOptions': 'User user s|Role role s|Type type s|Level level s',
  'core.ScaleIOPersistentVolumeSource':
    'Gateway gateway s|System system s|SecretRef secretRef *core.SecretReference|SSLEnabled sslEnabled b|ProtectionDomain protectionDomain s|StoragePool storagePool s|StorageMode storageMode s|VolumeName volumeName s|FSType fsType s|ReadOnly readOnly b',
  'core.ScaleIOVolumeSource':
    'Gateway gateway s|System system s|SecretRef secretRef *core.LocalObjectReference|SSLEnabled sslEnabled b|ProtectionDomain protectionDomain s|StoragePool storagePool s|StorageMode storageMode s|VolumeName volumeName s|FSType fsType s|ReadOnly readOnly b',
  'core.ScopeSelector': 'MatchExpressions matchExpressions [core.ScopedResourceSelectorRequirement',
  'core.ScopedResourceSelectorRequirement': 'ScopeName scopeName s|Operator operator s|Values values -',
  'core.SeccompProfile': 'Type type s|LocalhostProfile localhostProfile -',
  'core.SecretEnvSource': '+core.LocalObjectReference|Optional optional -',
  'core.SecretKeySelector': '+core.LocalObjectReference|Key key s|Optional optional -',
  'core.SecretProjection': '+core.LocalObjectReference|Items items [core.KeyToPath|Optional optional -',
  'core.SecretReference': 'Name name s|Namespace namespace s',
  'core.SecretVolumeSource':
    'SecretName secretName s|Items items [core.KeyToPath|DefaultMode defaultMode -|Optional optional -',
  'core.SecurityContext':
    'Capabilities capabilities *core.Capabilities|Privileged privileged -|SELinuxOptions seLinuxOptions *core.SELinuxOptions|WindowsOptions windowsOptions *core.WindowsSecurityContextOptions|RunAsUser runAsUser -|RunAsGroup runAsGroup -|RunAsNonRoot runAsNonRoot -|ReadOnlyRootFilesystem readOnlyRootFilesystem -|AllowPrivilegeEscalation allowPrivilegeEscalation -|ProcMount procMount -|SeccompProfile seccompProfile *core.SeccompProfile|AppArmorProfile appArmorProfile *core.AppArmorProfile',
  'core.ServiceAccountTokenProjection': 'Audience audience s|ExpirationSeconds expirationSeconds n|Path path s',
  'core.ServicePort':
    'Name name s|Protocol protocol s|AppProtocol appProtocol -|Port port n|TargetPort targetPort n|NodePort nodePort n',
  'core.SleepAction': 'Seconds seconds n',
  'core.StorageOSPersistentVolumeSource':
    'VolumeName volumeName s|VolumeNamespace volumeNamespace s|FSType fsType s|ReadOnly readOnly b|SecretRef secretRef *core.ObjectReference',
  'core.StorageOSVolumeSource':
    'VolumeName volumeName s|VolumeNamespace volumeNamespace s|FSType fsType s|ReadOnly readOnly b|SecretRef secretRef *core.LocalObjectReference',
  'core.Sysctl': 'Name name s|Value value s',
  'core.TCPSocketAction': 'Port port n|Host host s',
  'core.Taint': 'Key key s|Value value s|Effect effect s|TimeAdded timeAdded -',
  'core.Toleration':
    'Key key s|Operator operator s|Value value s|Effect effect s|TolerationSeconds tolerationSeconds -',
  'core.TopologySpreadConstraint':
    'MaxSkew maxSkew n|TopologyKey topologyKey s|WhenUnsatisfiable whenUnsatisfiable s|LabelSelector labelSelector -|MinDomains minDomains -|NodeAffinityPolicy nodeAffinityPolicy -|NodeTaintsPolicy nodeTaintsPolicy -|MatchLabelKeys matchLabelKeys -',
  'core.TypedLocalObjectReference': 'APIGroup apiGroup -|Kind kind s|Name name s',
  'core.TypedObjectReference': 'APIGroup apiGroup -|Kind kind s|Name name s|Namespace namespace -',
  'core.Volume': 'Name name s|+core.VolumeSource',
  'core.VolumeDevice': 'Name name s|DevicePath devicePath s',
  'core.VolumeMount':
    'Name name s|ReadOnly readOnly b|RecursiveReadOnly recursiveReadOnly -|MountPath mountPath s|SubPath subPath s|MountPropagation mountPropagation -|SubPathExpr subPathExpr s',
  'core.VolumeNodeAffinity': 'Required required *core.NodeSelector',
  'core.VolumeProjection':
    'Secret secret *core.SecretProjection|DownwardAPI downwardAPI *core.DownwardAPIProjection|ConfigMap configMap *core.ConfigMapProjection|ServiceAccountToken serviceAccountToken *core.ServiceAccountTokenProjection|ClusterTrustBundle clusterTrustBundle *core.ClusterTrustBundleProjection|PodCertificate podCertificate *core.PodCertificateProjection',
  'core.VolumeResourceRequirements': 'Limits limits -|Requests requests -',
  'core.VolumeSource':
    'HostPath hostPath *core.HostPathVolumeSource|EmptyDir emptyDir *core.EmptyDirVolumeSource|GCEPersistentDisk gcePersistentDisk *core.GCEPersistentDiskVolumeSource|AWSElasticBlockStore awsElasticBlockStore *core.AWSElasticBlockStoreVolumeSource|GitRepo gitRepo *core.GitRepoVolumeSource|Secret secret *core.SecretVolumeSource|NFS nfs *core.NFSVolumeSource|ISCSI iscsi *core.ISCSIVolumeSource|Glusterfs glusterfs *core.GlusterfsVolumeSource|PersistentVolumeClaim persistentVolumeClaim *core.PersistentVolumeClaimVolumeSource|RBD rbd *core.RBDVolumeSource|Quobyte quobyte *core.QuobyteVolumeSource|FlexVolume flexVolume *core.FlexVolumeSource|Cinder cinder *core.CinderVolumeSource|CephFS cephfs *core.CephFSVolumeSource|Flocker flocker *core.FlockerVolumeSource|DownwardAPI downwardAPI *core.DownwardAPIVolumeSource|FC fc *core.FCVolumeSource|AzureFile azureFile *core.AzureFileVolumeSource|ConfigMap configMap *core.ConfigMapVolumeSource|VsphereVolume vsphereVolume *core.VsphereVirtualDiskVolumeSource|AzureDisk azureDisk *core.AzureDiskVolumeSource|PhotonPersistentDisk photonPersistentDisk *core.PhotonPersistentDiskVolumeSource|Projected projected *core.ProjectedVolumeSource|PortworxVolume portworxVolume *core.PortworxVolumeSource|ScaleIO scaleIO *core.ScaleIOVolumeSource|StorageOS storageos *core.StorageOSVolumeSource|CSI csi *core.CSIVolumeSource|Ephemeral ephemeral *core.EphemeralVolumeSource|Image image *core.ImageVolumeSource',
  'core.VsphereVirtualDiskVolumeSource':
    'VolumePath volumePath s|FSType fsType s|StoragePolicyName storagePolicyName s|StoragePolicyID storagePolicyID s',
  'core.WeightedPodAffinityTerm': 'Weight weight n|PodAffinityTerm podAffinityTerm Score.PodAffinityTerm',
  'core.WindowsSecurityContextOptions':
    'GMSACredentialSpecName gmsaCredentialSpecName -|GMSACredentialSpec gmsaCredentialSpec -|RunAsUserName runAsUserName -|HostProcess hostProcess -',
  'discovery.Endpoint':
    'Addresses addresses -|Conditions conditions Sdiscovery.EndpointConditions|Hostname hostname -|TargetRef targetRef *core.ObjectReference|DeprecatedTopology deprecatedTopology -|NodeName nodeName -|Zone zone -|Hints hints *discovery.EndpointHints',
  'discovery.EndpointConditions': 'Ready ready -|Serving serving -|Terminating terminating -',
  'discovery.EndpointHints': 'ForZones forZones [discovery.ForZone|ForNodes forNodes [discovery.ForNode',
  'discovery.EndpointPort': 'Name name -|Protocol protocol -|Port port -|AppProtocol appProtocol -',
  'discovery.ForNode': 'Name name s',
  'discovery.ForZone': 'Name name s',
  'flowcontrol.ExemptPriorityLevelConfiguration':
    'NominalConcurrencyShares nominalConcurrencyShares -|LendablePercent lendablePercent -',
  'flowcontrol.FlowDistinguisherMethod': 'Type type s',
  'flowcontrol.FlowSchemaSpec':
    'PriorityLevelConfiguration priorityLevelConfiguration Sflowcontrol.PriorityLevelConfigurationReference|MatchingPrecedence matchingPrecedence n|DistinguisherMethod distinguisherMethod *flowcontrol.FlowDistinguisherMethod|Rules rules [flowcontrol.PolicyRulesWithSubjects',
  'flowcontrol.GroupSubject': 'Name name s',
  'flowcontrol.LimitResponse': 'Type type s|Queuing queuing *flowcontrol.QueuingConfiguration',
  'flowcontrol.LimitedPriorityLevelConfiguration':
    'NominalConcurrencyShares nominalConcurrencyShares n|LimitResponse limitResponse Sflowcontrol.LimitResponse|LendablePercent lendablePercent -|BorrowingLimitPercent borrowingLimitPercent -',
  'flowcontrol.NonResourcePolicyRule': 'Verbs verbs -|NonResourceURLs nonResourceURLs -',
  'flowcontrol.PolicyRulesWithSubjects':
    'Subjects subjects [flowcontrol.Subject|ResourceRules resourceRules [flowcontrol.ResourcePolicyRule|NonResourceRules nonResourceRules [flowcontrol.NonResourcePolicyRule',
  'flowcontrol.PriorityLevelConfigurationReference': 'Name name s',
  'flowcontrol.PriorityLevelConfigurationSpec':
    'Type type s|Limited limited *flowcontrol.LimitedPriorityLevelConfiguration|Exempt exempt *flowcontrol.ExemptPriorityLevelConfiguration',
  'flowcontrol.QueuingConfiguration': 'Queues queues n|HandSize handSize n|QueueLengthLimit queueLengthLimit n',
  'flowcontrol.ResourcePolicyRule':
    'Verbs verbs -|APIGroups apiGroups -|Resources resources -|ClusterScope clusterScope b|Namespaces namespaces -',
  'flowcontrol.ServiceAccountSubject': 'Namespace namespace s|Name name s',
  'flowcontrol.Subject':
    'Kind kind s|User user *flowcontrol.UserSubject|Group group *flowcontrol.GroupSubject|ServiceAccount serviceAccount *flowcontrol.ServiceAccountSubject',
  'flowcontrol.UserSubject': 'Name name s',
  'networking.HTTPIngressPath': 'Path path s|PathType pathType -|Backend backend Snetworking.IngressBackend',
  'networking.HTTPIngressRuleValue': 'Paths paths [networking.HTTPIngressPath',
  'networking.IPAddressSpec': 'ParentRef parentRef *networking.ParentReference',
  'networking.IPBlock': 'CIDR cidr s|Except except -',
  'networking.IngressBackend':
    'Service service *networking.IngressServiceBackend|Resource resource *core.TypedLocalObjectReference',
  'networking.IngressClassParametersReference':
    'APIGroup apiGroup -|Kind kind s|Name name s|Scope scope -|Namespace namespace -',
  'networking.IngressClassSpec':
    'Controller controller s|Parameters parameters *networking.IngressClassParametersReference',
  'networking.IngressRule': 'Host host s|HTTP http *networking.HTTPIngressRuleValue',
  'networking.IngressServiceBackend': 'Name name s|Port port Snetworking.ServiceBackendPort',
  'networking.NetworkPolicyPeer':
    'PodSelector podSelector -|NamespaceSelector namespaceSelector -|IPBlock ipBlock *networking.IPBlock',
  'networking.ParentReference': 'Group group s|Resource resource s|Namespace namespace s|Name name s',
  'networking.ServiceBackendPort': 'Name name s|Number number n',
  'networking.ServiceCIDRSpec': 'CIDRs cidrs -',
  'node.Overhead': 'PodFixed podFixed -',
  'node.Scheduling': 'NodeSelector nodeSelector -|Tolerations tolerations [core.Toleration',
  'policy.PodDisruptionBudgetSpec':
    'MinAvailable minAvailable -|Selector selector -|MaxUnavailable maxUnavailable -|UnhealthyPodEvictionPolicy unhealthyPodEvictionPolicy -',
  'rbac.PolicyRule':
    'Verbs verbs -|APIGroups apiGroups -|Resources resources -|ResourceNames resourceNames -|NonResourceURLs nonResourceURLs -',
  'rbac.RoleRef': 'APIGroup apiGroup s|Kind kind s|Name name s',
  'rbac.Subject': 'Kind kind s|APIGroup apiGroup s|Name name s|Namespace namespace s',
  'resource.AllocationResult':
    'Devices devices Sresource.DeviceAllocationResult|NodeSelector nodeSelector *core.NodeSelector|AllocationTimestamp allocationTimestamp -',
  'resource.CELDeviceSelector': 'Expression expression s',
  'resource.CapacityRequestPolicy':
    'Default default -|ValidValues validValues -|ValidRange validRange *resource.CapacityRequestPolicyRange',
  'resource.CapacityRequestPolicyRange': 'Min min -|Max max -|Step step -',
  'resource.CapacityRequirements': 'Requests requests -',
  'resource.Counter': 'Value value q',
  'resource.CounterSet': 'Name name s|Counters counters {resource.Counter',
  'resource.Device':
    'Name name s|Attributes attributes {resource.DeviceAttribute|Capacity capacity {resource.DeviceCapacity|ConsumesCounters consumesCounters [resource.DeviceCounterConsumption|NodeName nodeName -|NodeSelector nodeSelector *core.NodeSelector|AllNodes allNodes -|Taints taints [resource.DeviceTaint|BindsToNode bindsToNode -|BindingConditions bindingConditions -|BindingFailureConditions bindingFailureConditions -|AllowMultipleAllocations allowMultipleAllocations -|NodeAllocatableResourceMappings nodeAllocatableResourceMappings {resource.NodeAllocatableResourceMapping',
  'resource.DeviceAllocationConfiguration': 'Source source s|Requests requests -|+resource.DeviceConfiguration',
  'resource.DeviceAllocationResult':
    'Results results [resource.DeviceRequestAllocationResult|Config config [resource.DeviceAllocationConfiguration',
  'resource.DeviceAttribute':
    'IntValue int -|BoolValue bool -|StringValue string -|VersionValue version -|IntValues ints -|BoolValues bools -|StringValues strings -|VersionValues versions -',
  'resource.DeviceCapacity': 'Value value q|RequestPolicy requestPolicy *resource.CapacityRequestPolicy',
  'resource.DeviceClaim':
    'Requests requests [resource.DeviceRequest|Constraints constraints [resource.DeviceConstraint|Config config [resource.DeviceClaimConfiguration',
  'resource.DeviceClaimConfiguration': 'Requests requests -|+resource.DeviceConfiguration',
  'resource.DeviceClassConfiguration': '+resource.DeviceConfiguration',
  'resource.DeviceClassSpec':
    'Selectors selectors [resource.DeviceSelector|Config config [resource.DeviceClassConfiguration|ExtendedResourceName extendedResourceName -',
  'resource.DeviceConfiguration': 'Opaque opaque *resource.OpaqueDeviceConfiguration',
  'resource.DeviceConstraint':
    'Requests requests -|MatchAttribute matchAttribute -|DistinctAttribute distinctAttribute -',
  'resource.DeviceCounterConsumption': 'CounterSet counterSet s|Counters counters {resource.Counter',
  'resource.DeviceRequest':
    'Name name s|Exactly exactly *resource.ExactDeviceRequest|FirstAvailable firstAvailable [resource.DeviceSubRequest',
  'resource.DeviceRequestAllocationResult':
    'Request request s|Driver driver s|Pool pool s|Device device s|AdminAccess adminAccess -|Tolerations tolerations [resource.DeviceToleration|BindingConditions bindingConditions -|BindingFailureConditions bindingFailureConditions -|ShareID shareID -|ConsumedCapacity consumedCapacity -',
  'resource.DeviceSelector': 'CEL cel *resource.CELDeviceSelector',
  'resource.DeviceSubRequest':
    'Name name s|DeviceClassName deviceClassName s|Selectors selectors [resource.DeviceSelector|AllocationMode allocationMode s|Count count n|Tolerations tolerations [resource.DeviceToleration|Capacity capacity *resource.CapacityRequirements',
  'resource.DeviceTaint': 'Key key s|Value value s|Effect effect s|TimeAdded timeAdded -',
  'resource.DeviceToleration':
    'Key key s|Operator operator s|Value value s|Effect effect s|TolerationSeconds tolerationSeconds -',
  'resource.ExactDeviceRequest':
    'DeviceClassName deviceClassName s|Selectors selectors [resource.DeviceSelector|AllocationMode allocationMode s|Count count n|AdminAccess adminAccess -|Tolerations tolerations [resource.DeviceToleration|Capacity capacity *resource.CapacityRequirements',
  'resource.NodeAllocatableResourceMapping': 'CapacityKey capacityKey -|AllocationMultiplier allocationMultiplier -',
  'resource.OpaqueDeviceConfiguration': 'Driver driver s|Parameters parameters L',
  'resource.ResourceClaimSpec': 'Devices devices Sresource.DeviceClaim',
  'resource.ResourceClaimTemplateSpec': 'M|Spec spec Sresource.ResourceClaimSpec',
  'resource.ResourcePool': 'Name name s|Generation generation n|ResourceSliceCount resourceSliceCount n',
  'resource.ResourceSliceSpec':
    'Driver driver s|Pool pool Sresource.ResourcePool|NodeName nodeName -|NodeSelector nodeSelector *core.NodeSelector|AllNodes allNodes -|Devices devices [resource.Device|PerDeviceNodeSelection perDeviceNodeSelection -|SharedCounters sharedCounters [resource.CounterSet',
  'storage.CSIDriverSpec':
    'AttachRequired attachRequired -|FSGroupPolicy fsGroupPolicy -|PodInfoOnMount podInfoOnMount -|VolumeLifecycleModes volumeLifecycleModes -|StorageCapacity storageCapacity -|TokenRequests tokenRequests [storage.TokenRequest|RequiresRepublish requiresRepublish -|SELinuxMount seLinuxMount -|NodeAllocatableUpdatePeriodSeconds nodeAllocatableUpdatePeriodSeconds -|ServiceAccountTokenInSecrets serviceAccountTokenInSecrets -|PreventPodSchedulingIfMissing preventPodSchedulingIfMissing -',
  'storage.CSINodeDriver':
    'Name name s|NodeID nodeID s|TopologyKeys topologyKeys -|Allocatable allocatable *storage.VolumeNodeResources',
  'storage.TokenRequest': 'Audience audience s|ExpirationSeconds expirationSeconds -',
  'storage.VolumeAttachmentSource':
    'PersistentVolumeName persistentVolumeName -|InlineVolumeSpec inlineVolumeSpec *core.PersistentVolumeSpec',
  'storage.VolumeAttachmentSpec':
    'Attacher attacher s|Source source Sstorage.VolumeAttachmentSource|NodeName nodeName s',
  'storage.VolumeNodeResources': 'Count count -',
}
