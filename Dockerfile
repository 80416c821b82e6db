# One image for stash_watcher, plex_writer, provider and s2p; docker-compose.yml says which of them a container is.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    S2P_HEALTH_FILE=/tmp/healthy

WORKDIR /app

COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore -r requirements.txt

COPY common/ common/
COPY services/ services/
COPY tools/ tools/
RUN python -m compileall -q common services tools

# the provider keeps pictures there, on a volume that begins as this folder is
RUN install -d -o 10003 -g 10003 /var/cache/stash2plex

USER 10001:10001
