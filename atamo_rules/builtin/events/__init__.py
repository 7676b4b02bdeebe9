"""The default event providers: standard input, a watched folder, webhooks, mailboxes, and iterables of a program."""
