"""The hub inside a program that is not asynchronous: a desktop application, a script, a worker thread."""
