-- Of the project's own scope: whether a scope that names no end user is for nobody who was not granted it, so that one which is not there
-- answers as one that is granted to others.
alter table scopes add column closed boolean not null default false;
