"""What a game looks like from outside: functions of a game and its state that change neither."""
