"""The lessons' machinery: how a lesson builds the lab it needs, its predictions and its checks.

Read ``lesson.py`` first.
"""
