Feature: Families hear by text only what they may, when they may; a room's last hour reaches whoever is on call

  Background:
    Given Ben is on call for money tonight, with Carla as his backup
    And everybody's phone is on

  Scenario: News reaches a mother in her language and at her hours
    Given the mother of the boy in Atlanta may be texted from 08:00 to 21:00
    When her award is released at night
    Then she is sent nothing
    When it is morning where she is
    Then she reads in Spanish that there is news, and nothing of what it is about

  Scenario: Who never said that we may text is not texted; a room's last hour reaches whoever is on call
    Given the mother of the boy in Atlanta may not be texted
    And Ana is on call for cases tonight
    When her award is released at night
    Then she is sent nothing
    And nobody is asked to do anything about it
    When her room is booked, free to cancel until 06:00
    Then Ana alone reads until when it can be cancelled
    When it is 04:00
    Then nobody is told anything more
