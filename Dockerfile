# syntax=docker/dockerfile:1
# For people with an engine: docker build -t certwright . (or podman, buildah; --platform for another architecture).
# Without one, `npm run image` makes the same image. docs/image.md

FROM node:24-bookworm AS build
WORKDIR /src
# The packages first: they change less often than the sources.
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run -s build && PATH="$PWD/node_modules/.bin:$PATH" node tools/image/run.ts --root /image

FROM scratch
COPY --from=build /image/ /
WORKDIR /
USER 65532:65532
ENV PATH=/usr/bin
ENTRYPOINT ["/usr/bin/certwright"]
CMD ["help"]
