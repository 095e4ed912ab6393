"""Importers: pairs out of what people have, such as tables, chats and exports. One file a format; `registry` tells which is which."""
