/** Media types of manifests: https://github.com/opencontainers/image-spec/blob/main/media-types.md and Docker's schema 2. */
export const ociIndex = "application/vnd.oci.image.index.v1+json";
export const ociManifest = "application/vnd.oci.image.manifest.v1+json";
export const dockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
export const dockerManifest = "application/vnd.docker.distribution.manifest.v2+json";

export interface ImageFormat {
  index: string;
  manifest: string;
  config: string;
  layer: string;
}

export const ociFormat: ImageFormat = {
  index: ociIndex,
  manifest: ociManifest,
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
};

export const dockerFormat: ImageFormat = {
  index: dockerList,
  manifest: dockerManifest,
  config: "application/vnd.docker.container.image.v1+json",
  layer: "application/vnd.docker.image.rootfs.diff.tar",
};
