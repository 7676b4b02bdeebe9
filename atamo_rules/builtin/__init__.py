"""The default plug-ins. They come through the same door as anybody's and do not know each other."""
